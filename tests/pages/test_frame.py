"""The frame of every page: readable by everybody, with and without JavaScript, on a phone too."""

from __future__ import annotations

import pytest

from hub.people.models import Role
from tests import portal
from tests.pages.conftest import House, problems


@pytest.mark.parametrize("role", list(Role))
def test_everybodys_home_page_keeps_nobody_out(house: House, role: Role) -> None:
    page = house.page(portal.person("rosa", role, second_factor=True))
    assert page.get_by_role("heading", level=1).count() == 1
    assert problems(page) == []


def test_home_works_without_javascript_and_on_a_phone(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER), javascript=False, phone=True)
    page.get_by_role("link", name="Datasets").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Datasets"


def test_axe_is_heard(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER))
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x><input></main></html>")
    assert {line.split(": ")[1] for line in problems(page)} >= {"image-alt", "label"}


def test_pages_have_their_style(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER))
    weight = page.evaluate("getComputedStyle(document.querySelector('.brand')).fontWeight")
    assert weight == "650"


LISTS = {
    "/ledger/": ("Person", "person=portal"),
    "/audit/reach/": ("At the end of", "only=on"),
    "/people/": ("Institution", "role=admin"),
    "/releases/queue/": ("Data tier", "tier=2"),
    "/datasets/": ("Licence", "licence=CC+BY+4.0"),
}


@pytest.mark.parametrize("path", LISTS)
def test_filters_leave_a_phone_to_the_list_until_they_are_wanted(house: House, path: str) -> None:
    portal.version("prompts")
    everyone = portal.person("ida", *Role, second_factor=True)
    field, query = LISTS[path]
    wide = house.page(everyone, path=path)
    assert wide.get_by_label(field, exact=True).is_visible()
    assert not wide.locator("details.filters > summary").is_visible()
    phone = house.page(everyone, path=path, phone=True, javascript=False)
    assert not phone.get_by_label(field, exact=True).is_visible()
    phone.locator("details.filters > summary").click()
    assert phone.get_by_label(field, exact=True).is_visible()
    phone.goto(f"{house.url}{path}?{query}")
    assert phone.get_by_label(field, exact=True).is_visible()


def test_on_a_phone_mark_and_person_stand_in_one_line(house: House) -> None:
    page = house.page(portal.person("bartholomew", Role.ADMIN, second_factor=True), phone=True)
    mark, away = page.locator(".brand"), page.get_by_role("button", name="Sign out")
    boxes = [one.bounding_box() for one in (mark, away)]
    assert boxes[0] is not None and boxes[1] is not None
    assert abs((boxes[0]["y"] + boxes[0]["height"] / 2) - (boxes[1]["y"] + boxes[1]["height"] / 2)) < 12
    assert page.get_by_role("link", name="Parlatory").count() == 1
