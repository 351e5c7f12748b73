"""Coming in and going out: wrong passwords, second factors, and what is left after signing out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests import authenticator, scene
from tests.enclave import Enclave
from tests.people import People
from tests.scene import Scene

pytestmark = pytest.mark.timeout(180)
STEP_SECONDS = 30


@pytest.fixture
def page(people: People) -> Iterator[Page]:
    """Return a page of a browser in which nobody is signed in."""
    context = people.stranger()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def somebody(enclave: Enclave) -> Scene:
    """Return a researcher whom no other test knows."""
    return scene.make(enclave)


def give_password(page: Page, enclave: Enclave, login: str, password: str = "") -> None:
    email = f"{login}@demo.invalid"
    page.goto(enclave.places.portal_url + "/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password or enclave.passwords[email])
    page.get_by_role("button", name="Sign in").click()


def give_code(page: Page, secret: str) -> None:
    page.get_by_label("Code").fill(authenticator.code(secret))
    page.get_by_role("button", name="Continue").click()


def wait_for_the_next_code() -> None:
    """A code counts once: a second sign-in needs the one of the next half minute."""
    time.sleep(STEP_SECONDS - time.time() % STEP_SECONDS + 0.5)


def tokens(somebody: Scene) -> int:
    code = "from allauth.idp.oidc.models import Token\n"
    return int(somebody.act(code + "print(json.dumps(Token.objects.filter(user=person).count()))"))


def test_a_wrong_password_is_refused_with_a_sentence_that_tells_no_stranger_who_has_an_account(
    page: Page, enclave: Enclave, somebody: Scene
) -> None:
    said = []
    for login in (somebody.login, "nobody-by-that-name"):
        give_password(page, enclave, login, "not the password of anybody")
        alert = page.locator(".errorlist").first
        expect(alert).to_be_visible()
        said.append(alert.inner_text())
        expect(page.get_by_label("Password")).to_have_value("")
    assert said[0] == said[1] and "password" in said[0]


@pytest.mark.parametrize("login", ["steward2", "custodian2", "checker2", "admin2"])
def test_with_the_password_alone_no_page_but_the_second_factors_opens(
    page: Page, enclave: Enclave, login: str
) -> None:
    give_password(page, enclave, login)
    expect(page.get_by_role("heading", level=1, name="Second factor")).to_be_visible()
    for path in ("/", "/account/", "/people/", "/datasets/", "/releases/queue/", "/account/second-factor/"):
        page.goto(enclave.places.portal_url + path)
        assert re.search(r"/sign-in/", page.url), f"{path} led to {page.url}"
    page.goto(f"{enclave.places.lab_url}/hub/home")
    assert page.url.startswith(f"{enclave.places.portal_url}/sign-in/")


def test_a_wrong_code_is_refused(page: Page, enclave: Enclave) -> None:
    give_password(page, enclave, "checker3")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    page.goto(enclave.places.portal_url + "/account/")
    assert "/sign-in/" in page.url


def test_a_researcher_adds_a_second_factor_needs_it_and_removes_it(
    page: Page, enclave: Enclave, people: People, somebody: Scene
) -> None:
    give_password(page, enclave, somebody.login)
    page.goto(enclave.places.portal_url + "/account/")
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator("article code").first.inner_text()
    page.get_by_label("code").fill(authenticator.code(secret))
    with page.expect_navigation():
        page.get_by_role("button", name="Turn it on").click()
    page.goto(enclave.places.portal_url + "/account/")
    expect(page.get_by_text("on", exact=True)).to_be_visible()

    other = people.stranger()
    elsewhere = other.new_page()
    give_password(elsewhere, enclave, somebody.login)
    expect(elsewhere.get_by_role("heading", level=1, name="Second factor")).to_be_visible()
    wait_for_the_next_code()
    give_code(elsewhere, secret)
    expect(elsewhere.get_by_role("button", name="Sign out")).to_be_visible()
    other.close()

    page.get_by_role("button", name="Manage it").click()
    page.get_by_role("button", name="Turn it off").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Turn it off").click()
    page.goto(enclave.places.portal_url + "/account/")
    expect(page.get_by_text("off", exact=True)).to_be_visible()
    again = people.stranger()
    last = again.new_page()
    give_password(last, enclave, somebody.login)
    expect(last.get_by_role("heading", level=1, name=re.compile("^Welcome"))).to_be_visible()
    again.close()


def test_signing_out_closes_portal_lab_and_tokens(page: Page, enclave: Enclave, somebody: Scene) -> None:
    give_password(page, enclave, somebody.login)
    page.goto(f"{enclave.places.lab_url}/hub/home")
    expect(page.get_by_role("link", name="Open the portal")).to_be_visible()
    assert page.url == f"{enclave.places.lab_url}/hub/home"
    assert tokens(somebody) > 0

    page.goto(enclave.places.portal_url + "/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1, name="You are signed out")).to_be_visible()
    assert page.url == f"{enclave.places.portal_url}/signed-out/"
    assert tokens(somebody) == 0

    page.goto(f"{enclave.places.lab_url}/hub/home")
    assert page.url.startswith(f"{enclave.places.portal_url}/sign-in/")
    page.goto(f"{enclave.places.portal_url}/account/")
    assert page.url.startswith(f"{enclave.places.portal_url}/sign-in/")
    left = {cookie["name"] for cookie in page.context.cookies() if "hub-login" in cookie["name"]}
    assert not left, json.dumps(sorted(left))
