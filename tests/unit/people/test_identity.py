"""The OpenID provider: PKCE or nothing, codes once, nobody who may not."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.idp.oidc.models import Token
from django.conf import settings
from django.test import Client

from hub.ledger.models import Entry
from hub.people import services
from hub.people.identity import ensure_hub_client
from hub.people.models import Person, Role
from hub.people.permission import WITHOUT_POLICY
from hub.places import places
from hub.workspaces.models import SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
REDIRECT = f"{places.lab_url}/hub/oauth_callback"
ASKED = {
    "client_id": "jupyterhub",
    "response_type": "code",
    "redirect_uri": REDIRECT,
    "scope": "openid profile email",
    "state": "s",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture(autouse=True)
def _client(db: None) -> None:
    ensure_hub_client()


@pytest.fixture
def who(policies: Policies) -> Person:
    return portal.person("rosa", Role.RESEARCHER)


@pytest.fixture
def browser(who: Person) -> Client:
    made = Client(headers={"host": "portal.localhost"})
    made.post("/sign-in/", {"login": who.email, "password": portal.PASSWORD})
    return made


@pytest.fixture
def hub() -> Client:
    return Client(headers={"host": "127.0.0.1"})


def authorize(browser: Client, **changes: Any) -> Any:
    asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return browser.get("/identity/o/authorize", asked)


def code_of(answer: Any) -> str:
    assert answer.status_code == 302, answer.content
    assert answer["Location"].startswith(REDIRECT)
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def exchange(hub: Client, code: str, **changes: Any) -> Any:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "client_id": "jupyterhub",
        "client_secret": settings.PARLATORY_OIDC_CLIENT_SECRET,
        "code_verifier": VERIFIER,
    }
    return hub.post("/identity/o/api/token", {**form, **changes})


def userinfo(hub: Client, token: str) -> Any:
    return hub.get("/identity/o/api/userinfo", headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"code_challenge": [CHALLENGE, CHALLENGE]},
        {"code_challenge_method": ["S256", "plain"]},
    ],
)
def test_an_authorisation_without_a_good_challenge_is_refused_with_a_sentence(
    browser: Client, changes: dict[str, Any]
) -> None:
    answer = authorize(browser, **changes)
    assert answer.status_code == 400
    assert b"PKCE challenge by S256" in answer.content


def test_an_authorisation_posted_past_the_query_is_refused(browser: Client) -> None:
    assert browser.post("/identity/o/authorize", ASKED).status_code == 400


def test_another_redirect_gets_no_code(browser: Client) -> None:
    answer = authorize(browser, redirect_uri="http://evil.localhost/")
    assert "Location" not in answer
    assert b"evil" not in answer.content


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"client_secret": "wrong"},
        {"redirect_uri": "http://x/"},
    ],
)
def test_a_code_is_worth_nothing_without_verifier_secret_and_redirect(
    browser: Client, hub: Client, changes: dict[str, Any]
) -> None:
    assert exchange(hub, code_of(authorize(browser)), **changes).status_code in (400, 401)
    assert not Token.objects.exclude(type=Token.Type.AUTHORIZATION_CODE).exists()


def test_a_code_is_used_once(browser: Client, hub: Client) -> None:
    code = code_of(authorize(browser))
    assert exchange(hub, code).status_code == 200
    assert exchange(hub, code).status_code == 400


def test_a_signed_in_person_is_described_by_id_and_roles(browser: Client, hub: Client, who: Person) -> None:
    token = exchange(hub, code_of(authorize(browser))).json()
    claims = userinfo(hub, token["access_token"]).json()
    assert claims == {
        "sub": who.id,
        "preferred_username": who.id,
        "name": who.name,
        "email": who.email,
        "groups": ["researcher"],
    }
    payload = token["id_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["iss"] == places.portal_url


def test_a_refresh_token_stays_the_same(browser: Client, hub: Client) -> None:
    first = exchange(hub, code_of(authorize(browser))).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    again = exchange(hub, "", **refresh)
    assert again.status_code == 200
    assert exchange(hub, "", **refresh).status_code == 200


STOPS = {
    "suspended": {"suspended_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "closed": {"is_active": False},
}


@pytest.mark.parametrize("how", STOPS)
def test_who_is_suspended_or_closed_gets_no_code_token_or_claims(
    how: str, browser: Client, hub: Client, who: Person
) -> None:
    early = code_of(authorize(browser))
    token = exchange(hub, code_of(authorize(browser))).json()
    # Straight in the database: also without the service that deletes tokens nothing may be said.
    Person.objects.filter(pk=who.pk).update(**STOPS[how])
    assert userinfo(hub, token["access_token"]).status_code == 401
    assert exchange(hub, early).status_code in (400, 401)
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert exchange(hub, "", **refresh).status_code in (400, 401)
    assert "code=" not in authorize(browser).get("Location", "")


def test_suspending_somebody_ends_their_tokens(browser: Client, hub: Client, who: Person) -> None:
    token = exchange(hub, code_of(authorize(browser))).json()["access_token"]
    services.suspend(by=WITHOUT_POLICY, person=who, reason="drill")
    services.resume(by=WITHOUT_POLICY, person=who)
    assert userinfo(hub, token).status_code == 401


def test_signing_out_ends_tokens_and_sessions_and_leads_through_the_lab(
    browser: Client, hub: Client, who: Person, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    running = portal.session(portal.project(member=who), who)
    token = exchange(hub, code_of(authorize(browser))).json()["access_token"]
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/sign-out/")
    assert answer["Location"] == f"{places.lab_url}/hub/logout"
    assert userinfo(hub, token).status_code == 401
    running.refresh_from_db()
    assert running.state == SessionState.ENDED
    assert ("remove", running.id) in remote.calls
    assert ("sign_out", who.id) in remote.calls
    assert "signed_out" in Entry.objects.values_list("kind", flat=True)
    assert browser.get("/").status_code == 302


def test_signing_out_works_though_the_hub_does_not_answer(
    browser: Client, who: Person, remote: RemoteStandIn
) -> None:
    remote.down.add("sign_out")
    assert browser.post("/sign-out/").status_code == 302
    assert browser.get("/").status_code == 302


def test_signing_out_takes_a_post(browser: Client) -> None:
    assert browser.get("/sign-out/").status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/identity/o/device", "/identity/o/api/device/code", "/identity/o/logout", "/identity/o/api/clients"],
)
def test_nothing_else_of_the_provider_is_served(path: str, browser: Client) -> None:
    assert browser.get(path).status_code == 404
    assert browser.post(path).status_code == 404
