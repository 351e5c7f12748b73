"""Attacks with what was copied from a browser before its person signed out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from hub.gate.identity import IDENTITY_SECONDS
from tests import scene
from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.gatehouse import ALICE, BOB
from tests.integration.jupyter.hubhouse import HubHouse, opened
from tests.people import People, ask, cookies_for

pytestmark = pytest.mark.timeout(240)
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def hub() -> Iterator[HubHouse]:
    """A real hub, with a double of the portal."""
    with opened() as made:
        with made.api() as portal:
            for person in (ALICE, BOB):
                assert portal.post(f"/users/{person}").status_code == 201
        yield made


def who(hub: HubHouse, cookies: dict[str, str]) -> int:
    """Return the hub's status for somebody who shows these cookies."""
    address = f"{hub.places.lab_url}/hub/api/user"
    return ask(address, cookies=cookies).status_code


def copied(hub: HubHouse) -> dict[str, str]:
    """Return the hub's cookies of somebody who signed in, as a thief would copy them."""
    browser = hub.browser()
    browser.get(f"{hub.places.lab_url}/hub/home")
    cookies = browser.cookies(hub.places.lab_host)
    browser.close()
    assert who(hub, cookies) == 200, "the attack needs cookies that the hub takes"
    return cookies


def test_a_copied_hub_cookie_is_refused_once_the_portal_has_signed_its_person_out(hub: HubHouse) -> None:
    one, two = copied(hub), copied(hub)
    with hub.api() as portal:
        made = portal.post(f"/users/{ALICE}/tokens", json={"note": "of the person"}).json()
        assert portal.post(f"/users/{ALICE}/sign-out").status_code == 204
    assert {who(hub, one), who(hub, two)} <= REFUSED
    with hub.api(made["token"]) as person:
        assert person.get("/user").status_code in REFUSED
    again = copied(hub)
    assert who(hub, again) == 200, "signing in again must work"


def test_nobody_but_the_portal_signs_somebody_out(hub: HubHouse) -> None:
    cookies = copied(hub)
    with hub.api() as portal:
        token = portal.post(f"/users/{BOB}/tokens", json={"note": "of another"}).json()["token"]
    for shown in (token, hub.values["gate-hub"], "0" * 32):
        with hub.api(shown) as other:
            assert other.post(f"/users/{ALICE}/sign-out").status_code in REFUSED
    address = f"{hub.places.lab_url}/hub/api/users/{ALICE}/sign-out"
    headers = {"X-XSRFToken": cookies["_xsrf"], "Origin": hub.places.lab_url, "Sec-Fetch-Site": "same-origin"}
    assert ask(address, method="POST", cookies=cookies, headers=headers).status_code in REFUSED
    assert ask(address, method="POST", cookies={}).status_code in REFUSED
    assert who(hub, cookies) == 200


def sign_out_by_hand(page: Page, enclave: Enclave) -> httpx.Response:
    """Sign out with all a browser has, and go nowhere afterwards."""
    address = f"{enclave.places.portal_url}/sign-out/"
    form = {"csrfmiddlewaretoken": page.locator("input[name=csrfmiddlewaretoken]").first.input_value()}
    origin = {"Origin": enclave.places.portal_url}
    return ask(address, method="POST", cookies=cookies_for(page, address), headers=origin, data=form)


def test_signing_out_ends_the_lab_though_its_redirect_is_never_followed(
    people: People, enclave: Enclave
) -> None:
    made = scene.make(enclave)
    try:
        page = people.page(made.login)
        workspace.start(page, enclave, made.project)
        base = workspace.enter(page)
        hub = f"{enclave.places.lab_url}/hub/api/user"
        kept = {address: cookies_for(page, address) for address in (base + "api/kernels", hub)}
        for address, cookies in kept.items():
            assert ask(address, cookies=cookies).status_code == 200, "the attack needs cookies that work"
        page.goto(made.workspace_url)
        answer = sign_out_by_hand(page, enclave)
        began = time.monotonic()
        assert answer.status_code == 302 and answer.headers["Location"].endswith("/hub/logout")
        assert ask(hub, cookies=kept[hub]).status_code in REFUSED
        assert time.monotonic() - began < 3
        # The gate believes what it knew for five seconds at most, less where the lease ends before. The
        # session may be gone before it knows, or the proxy may have forgotten it: the gate says then that
        # nothing answers behind it, or the hub sends a stranger away.
        lab, over = base + "api/kernels", {*REFUSED, 302, 424, 502}
        until(
            lambda: ask(lab, cookies=kept[lab]).status_code in over,
            seconds=IDENTITY_SECONDS,
            what="the gate lets nobody in who signed out",
        )
    finally:
        people.forget(made.login)
        made.clear()
