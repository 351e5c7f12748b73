"""The pages that are measured are those of the portal's own table of addresses."""

from __future__ import annotations

from hub.bench import addresses
from hub.bench.addresses import pages
from hub.bench.crowd import FULL

SAMPLES = {"people": [{"id": "01x"}], "releases": [{"submission": "01s"}, {"submission": "02s"}], "": []}


def test_every_page_is_found_with_what_fills_its_address() -> None:
    found = {page.route: page.paths for page in pages(SAMPLES)}
    assert found["/"] == ("/",)
    assert found["/people/<slug:id>/"] == ("/people/01x/",)
    assert found["/releases/<str:submission>/"] == ("/releases/01s/", "/releases/02s/")
    assert "/api/v1/people" in found


def test_what_nothing_fits_is_named_and_not_tried() -> None:
    found = {page.route: page.paths for page in pages({"": []})}
    assert found["/people/<slug:id>/"] == ()


def test_sign_in_the_enclaves_own_doors_and_exports_are_no_pages() -> None:
    routes = [page.route for page in pages({"": []})]
    assert not [route for route in routes if addresses.LEFT_OUT.match(route.lstrip("/"))]
    assert not [route for route in routes if "internal" in route or "sign-in" in route or ".zip" in route]


def test_a_fraction_keeps_enough_of_everything() -> None:
    assert (FULL.over(10).people, FULL.over(10).entries) == (100, 100_000)
    assert min(vars(FULL.over(100_000)).values()) == 24
