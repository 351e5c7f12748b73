"""Signing in while somebody guesses: the way that the page names leads in, without a script too."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from tests import portal
from tests.integration.sign_in.test_known_browsers import flood
from tests.pages.conftest import House, problems

pytestmark = pytest.mark.timeout(1500)


def give_password(page: Page, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(portal.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("javascript", [True, False])
def test_who_is_kept_waiting_by_others_guesses_comes_in_by_the_mailed_link(
    javascript: bool, house: House
) -> None:
    who = portal.person("rosa")
    flood(who, 40, addresses=10)
    page = house.stranger(javascript=javascript)
    page.goto(f"{house.url}/sign-in/")
    give_password(page, who.email)
    wrong = problems(page) if javascript else []
    page.get_by_role("link", name=re.compile("Kept waiting")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept waiting by wrong passwords of others?")
    wrong += problems(page) if javascript else []
    page.get_by_label("Your e-mail address").fill(who.email)
    page.get_by_role("button", name="Mail me the link").click()
    expect(page.get_by_role("status")).to_contain_text("a link is on its way")
    (path,) = re.findall(r"http\S+?(/sign-in/own-browser/\S+)", str(mail.outbox[-1].body))
    page.goto(house.url + path)
    expect(page.get_by_role("status")).to_contain_text("may try your password now")
    assert "link=" not in page.url
    give_password(page, who.email)
    expect(page).to_have_url(f"{house.url}/")
    assert wrong == []
