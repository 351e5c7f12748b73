"""Tokens in Chromium: made, shown once, used by a script, revoked; and the API's description."""

from __future__ import annotations

import re

import httpx
from django.test import Client
from playwright.sync_api import Page, expect

from hub.api import tokens
from hub.api.models import Token
from hub.api.scopes import Scope
from hub.people.models import Role
from tests import portal
from tests.pages.conftest import House, problems


def prove(page: Page) -> None:
    """Give the password again, as somebody does who makes a token."""
    page.get_by_label("Password").fill(portal.PASSWORD)
    page.get_by_role("button").last.click()


def make(page: Page, name: str = "training import") -> str:
    """Make a token and return its text."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("projects:read").check()
    page.get_by_role("button", name="Make the token").click()
    text = page.locator("article code").inner_text()
    assert re.fullmatch(r"parlatory_[0-9a-z]{26}_[\w-]{43}", text)
    return text


def test_a_token_is_made_after_proof_shown_once_used_and_revoked(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER), path="/account/tokens/", javascript=True)
    assert problems(page) == []
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Make a token")
    prove(page)
    assert problems(page) == []
    text = make(page)
    assert problems(page) == []
    headers = {"Authorization": f"Bearer {text}"}
    with httpx.Client(base_url=house.url.replace("portal.localhost", "127.0.0.1"), headers=headers) as script:
        assert script.get("/api/v1/me").json()["scopes"] == ["projects:read"]
        assert script.get("/api/v1/projects").status_code == 200
        assert script.get("/api/v1/datasets").status_code == 403
        page.get_by_role("button", name="I have kept it").click()
        assert text not in page.content()
        assert problems(page) == []
        page.get_by_role("link", name="Revoke “training import”").click()
        assert problems(page) == []
        page.get_by_role("button", name="Revoke the token").click()
        refused = script.get("/api/v1/me")
    assert (refused.status_code, "revoked" in refused.json()["detail"]) == (401, True)
    assert Token.objects.get().revoked_at is not None


def test_a_name_is_taken_once_and_what_was_typed_is_kept(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER), path="/account/tokens/new/", phone=True)
    prove(page)
    page.get_by_label("Name").fill("mine")
    page.locator("form").last.evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Make the token").click()
    assert page.get_by_label("Name").input_value() == "mine"
    assert problems(page) == []


def test_the_description_is_read_without_foreign_scripts(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER), path="/api/", phone=True)
    assert page.locator("script").count() == 0
    expect(page.get_by_text("GET /api/v1/people", exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has_text="List people, by name")
    expect(row.get_by_text("role", exact=True)).to_be_visible()
    assert "`" not in page.get_by_role("main").inner_text()
    assert problems(page) == []


def test_an_admin_sees_everybodys_tokens_and_revokes_one(house: House) -> None:
    rosa, ada = portal.person("rosa", Role.RESEARCHER), portal.person("ada", Role.ADMIN, second_factor=True)
    made = tokens.make(by=rosa, name="training import", scopes=[Scope.PEOPLE_READ], days=9)
    other = tokens.make(by=ada, name="mine", scopes=[Scope.PROJECTS_READ], days=9)
    auditor = portal.person("aud", Role.AUDITOR, second_factor=True)
    read = house.page(auditor, path="/tokens/")
    assert "training import" in read.content() and read.get_by_role("link", name="Revoke").count() == 0
    page = house.page(ada, path="/people/", javascript=False)
    page.get_by_role("link", name="Tokens").click()
    assert problems(house.page(ada, path="/tokens/?order=last+used")) == []
    assert made.text not in page.content() and "people:read" in page.content()
    page.get_by_role("link", name="Revoke “training import” of Rosa").click()
    page.get_by_role("button", name="Revoke the token").click()
    assert "training import” is revoked" in page.content()
    assert Token.objects.get(pk=made.token.pk).revoked_at is not None
    # Of other people, each alone reads and revokes their own.
    for person in (rosa, auditor):
        client = Client()
        client.force_login(person)
        for method in (client.get, client.post):
            assert method(f"/tokens/{other.token.pk}/revoke/").status_code == 403
    client.force_login(rosa)
    assert client.get("/tokens/").status_code == 403
    assert Token.objects.get(pk=other.token.pk).revoked_at is None
