"""Signing in: second factor before anything else, policy at each sign-in, suspension at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from hub.ledger.models import Entry
from hub.people.models import Person, Role
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db

NEEDS = [Role.DATA_STEWARD, Role.OUTPUT_CHECKER, Role.KEY_CUSTODIAN, Role.ADMIN]
FREE = [Role.RESEARCHER, Role.PROJECT_LEAD, Role.COMMITTEE_MEMBER, Role.AUDITOR]


@pytest.fixture
def browser() -> Client:
    return Client(headers={"host": "portal.localhost"})


def show_code(browser: Client, page: str, secret: str) -> Any:
    """Give the present code of an authenticator, and let no new one come in between."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        return browser.post(reverse(page), {"code": code_for(secret)}, follow=True)


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def sign_in(browser: Client, who: Person, password: str = portal.PASSWORD) -> None:
    browser.post(reverse("account_login"), {"login": who.email, "password": password})


@pytest.mark.parametrize("role", NEEDS)
@pytest.mark.parametrize(
    "page", ["/", "/datasets/", "/people/", "/identity/o/authorize", "/account/password/"]
)
def test_a_role_that_needs_a_second_factor_reaches_nothing_without_one(
    role: Role, page: str, browser: Client, policies: Policies
) -> None:
    sign_in(browser, portal.person("ada", role))
    challenge = {"code_challenge": "a" * 43, "code_challenge_method": "S256"}
    answer = browser.get(page, challenge)
    assert (answer.status_code, answer.get("Location")) == (302, reverse("mfa_activate_totp"))


@pytest.mark.parametrize("role", FREE)
def test_other_roles_are_offered_a_second_factor_and_come_in_without(
    role: Role, browser: Client, policies: Policies
) -> None:
    sign_in(browser, portal.person("rosa", role))
    answer = browser.get("/")
    assert answer.status_code == 200
    assert b"Add a second factor" in answer.content


def test_who_enrolled_a_second_factor_has_to_show_it(browser: Client, policies: Policies) -> None:
    who = portal.person("ada", Role.ADMIN, second_factor=True)
    sign_in(browser, who)
    assert browser.get("/").get("Location", "").startswith(reverse("account_login"))
    browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert browser.get("/").status_code == 302
    show_code(browser, "mfa_authenticate", "JBSWY3DPEHPK3PXP")
    assert browser.get("/").status_code == 200


SWITCH = pytest.mark.parametrize(
    ("switch", "is_demo", "status"),
    [(False, True, 302), (True, False, 302), (False, False, 302), (True, True, 200)],
)


@SWITCH
def test_the_demo_switch_spares_enrolled_demo_people_the_code(
    switch: bool, is_demo: bool, status: int, browser: Client, policies: Policies, settings: Settings
) -> None:
    settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR = switch
    sign_in(browser, portal.person("ada", Role.ADMIN, is_demo=is_demo, second_factor=True))
    assert browser.get("/").status_code == status


@SWITCH
def test_the_demo_switch_frees_demo_people_only(
    switch: bool, is_demo: bool, status: int, browser: Client, policies: Policies, settings: Settings
) -> None:
    settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR = switch
    sign_in(browser, portal.person("ada", Role.ADMIN, is_demo=is_demo))
    assert browser.get("/").status_code == status


def test_a_sign_in_that_the_policies_refuse_shows_the_reason_and_ends_it(
    browser: Client, policies: Policies
) -> None:
    policies.deny("sign_in", "Your institution left the enclave.")
    sign_in(browser, portal.person("rosa"))
    answer = browser.get("/")
    assert answer.status_code == 403
    assert b"Your institution left the enclave." in answer.content
    assert browser.get("/").status_code == 302
    assert "decision_denied" in Entry.objects.values_list("kind", flat=True)


def test_a_sign_in_is_asked_about_once_and_is_on_the_ledger(browser: Client, policies: Policies) -> None:
    sign_in(browser, portal.person("rosa"))
    browser.get("/")
    browser.get("/datasets/")
    assert [question.action for question in policies.asked] == ["sign_in"]
    assert list(Entry.objects.values_list("kind", flat=True)) == ["decision_allowed", "signed_in"]


def test_somebody_suspended_while_signed_in_is_put_out_at_the_next_page(
    browser: Client, policies: Policies
) -> None:
    who = portal.person("rosa")
    sign_in(browser, who)
    assert browser.get("/").status_code == 200
    Person.objects.filter(pk=who.pk).update(suspended_at="2026-01-01T00:00Z", suspended_reason="An incident.")
    answer = browser.get("/datasets/")
    assert answer.status_code == 403
    assert b"An incident." in answer.content


def test_a_wrong_password_is_on_the_ledger(browser: Client, policies: Policies) -> None:
    who = portal.person("rosa")
    sign_in(browser, who, "wrong")
    assert Entry.objects.get().kind == "sign_in_refused"
    assert browser.get("/").status_code == 302


def test_nobody_signs_up(browser: Client) -> None:
    assert browser.get(reverse("account_signup")).status_code == 404
    assert b"sign up" not in browser.get(reverse("account_login")).content.lower()


def test_password_guessing_is_slowed_down(browser: Client, policies: Policies) -> None:
    who = portal.person("rosa")
    for _ in range(6):
        sign_in(browser, who, "wrong")
    sign_in(browser, who)
    assert browser.get("/").status_code == 302


def test_enrolling_a_second_factor_opens_the_portal_and_keeps_the_secret_encrypted(
    browser: Client, policies: Policies
) -> None:
    who = portal.person("ada", Role.ADMIN)
    sign_in(browser, who)
    page = browser.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert browser.get("/").status_code == 302
    answer = show_code(browser, "mfa_activate_totp", secret)
    assert answer.status_code == 200
    assert browser.get("/").status_code == 200
    kept = Authenticator.objects.get(user=who, type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in kept
    assert policies.asked[0].action == "sign_in"


def test_an_hour_after_signing_in_the_second_factor_is_changed_only_with_the_password(
    browser: Client, policies: Policies
) -> None:
    sign_in(browser, portal.person("rosa"))
    browser.get("/")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True):
        answer = browser.get(reverse("mfa_activate_totp"))
    assert answer.get("Location", "").startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize(
    "name", ["mfa_index", "mfa_activate_totp", "account_change_password", "people:account"]
)
def test_the_pages_of_ones_account_are_in_the_portals_own_look(
    name: str, browser: Client, policies: Policies
) -> None:
    sign_in(browser, portal.person("rosa"))
    answer = browser.get(reverse(name))
    assert answer.status_code == 200
    assert b"parlatory.css" in answer.content and answer.content.count(b"<h1>") == 1
