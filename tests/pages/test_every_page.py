"""Every page a role is led to: one heading, nothing that axe finds, in light, in dark, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Page

from egress_review import views
from egress_review.vault import Vault
from hub.bring_ins import views as bring_ins
from hub.people.models import Person, Role
from tests import forms
from tests.pages import world
from tests.pages.conftest import House, problems

pytestmark = pytest.mark.timeout(1500)

FILES = re.compile(r"\.(json|csv|zip|tar|txt)$|/(?:file|download|checkpoint|export)/?$")
MOST_PAGES = 80
# axe's rules about colours, which are all that our style sheets change in the dark.
COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture
def people(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Role, Person]:
    """Everybody, with something to look at."""
    vault = Vault(tmp_path / "vault")
    vault.prepare()
    monkeypatch.setattr(views, "vault", vault)
    monkeypatch.setattr(bring_ins, "vault", vault)
    return world.fill(vault)


def kinds(house: House, person: Person, dead: list[str]) -> Iterator[tuple[str, str]]:
    """Follow links from home on to one page of each kind; yield its kind and its path, and list dead links.

    Without a browser, as what is behind a link needs none: that is for what nobody has looked at yet.
    """
    client = Client(HTTP_HOST=urlsplit(house.url).netloc, raise_request_exception=False)
    client.force_login(person)
    waiting, known = [("/", "/")], {"/"}
    while waiting and len(known) < MOST_PAGES:
        path, led_by = waiting.pop(0)
        answer = client.get(path, follow=True)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        if answer.status_code != 200:
            dead.append(f"{led_by} leads to {path}, which answers {answer.status_code}")
            continue
        yield forms.kind_of(urlsplit(path).path), path
        for link in forms.read(path, answer.content.decode())[1]:
            parts = urlsplit(link)
            kind = forms.kind_of(parts.path)
            own = not parts.netloc and not parts.scheme and parts.path.startswith("/")
            if own and kind not in known and not FILES.search(kind):
                known.add(kind)
                waiting.append((parts.path + (f"?{parts.query}" if parts.query else ""), path))


def faults(page: Page) -> list[str]:
    """Return what keeps somebody out of the page that is open, in light, in dark, and on a phone."""
    where = urlsplit(page.url).path
    headings = page.get_by_role("heading", level=1).count()
    found = [] if headings == 1 else [f"{where}: {headings} first headings"]
    found += problems(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark {one}" for one in problems(page, rules=COLOURS)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1280, "height": 860})
    return found if wide <= 390 else [*found, f"{where}: {wide} px wide on a phone of 390"]


def test_no_page_keeps_anybody_out(house: House, people: dict[Role, Person]) -> None:
    looked_at: set[str] = set()
    found: list[str] = []
    page = house.page(next(iter(people.values())))
    for role, person in people.items():
        house.sign_in(page, person)
        dead = list[str]()
        for kind, path in kinds(house, person, dead):
            if kind not in looked_at:
                looked_at.add(kind)
                answer = page.goto(house.url + path)
                assert answer is not None and answer.ok, path
                found += faults(page)
        found += [f"{role}: {one}" for one in dead]
    assert not found, "\n".join(found)
    assert len(looked_at) > 20, looked_at
