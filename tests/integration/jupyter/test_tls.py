"""Behind a TLS proxy: signing in works over an institution's own names, and every cookie is for https."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gatehouse import ALICE, SERVER
from tests.integration.jupyter.hubhouse import HubHouse, opened

PORTAL, LAB = "https://portal.example.org", "https://lab.example.org"


@pytest.fixture
def house() -> Iterator[HubHouse]:
    with opened(PARLATORY_PORTAL_URL=PORTAL, PARLATORY_LAB_URL=LAB) as made:
        with made.api() as portal:
            assert portal.post(f"/users/{ALICE}").status_code == 201
            assert portal.post(f"/users/{ALICE}/servers/{SERVER}").status_code == 201
        yield made


def test_a_person_reaches_their_lab_over_https_names_with_secure_cookies(house: HubHouse) -> None:
    browser = house.browser()
    try:
        page = browser.get(f"{LAB}/user/{ALICE}/{SERVER}/lab")
        assert page.status_code == 200, page.text
        assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert {url.split("/")[2] for url in browser.seen} == {"portal.example.org", "lab.example.org"}
        assert all(url.startswith("https://") for url in browser.seen), browser.seen
        cookies = browser.is_secure("lab.example.org")
        assert {"service-gate", "jupyterhub-session-id"} <= set(cookies), cookies
        assert all(cookies.values()), cookies
        hub = browser.get(f"{LAB}/hub/home")
        assert hub.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    finally:
        browser.close()
