"""Tries at a password: guesses end early, and lock out nobody who was here before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.core.internal import ratelimit
from django.core import signing
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from hub.ledger.models import Entry
from hub.people import known_browsers
from hub.people.models import Person
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


def browser(address: str = "127.0.0.1") -> Client:
    return Client(headers={"host": "portal.localhost"}, REMOTE_ADDR=address)


def comes_in(one: Client, who: Person, password: str = portal.PASSWORD) -> bool:
    """Say whether a try at a password opens the portal."""
    one.post(reverse("account_login"), {"login": who.email, "password": password})
    return one.get("/").status_code == 200


def signed_out(who: Person) -> Client:
    """Return a browser in which somebody had signed in and is no longer."""
    one = browser()
    assert comes_in(one, who)
    del one.cookies["parlatory_portal_session"]
    return one


def flood(who: Person, tries: int, *, addresses: int = 1) -> None:
    for number in range(tries):
        said = {"login": who.email, "password": "wrong"}
        browser(f"10.0.0.{number % addresses}").post(reverse("account_login"), said)


def test_who_guesses_from_one_place_keeps_nobody_out_who_comes_from_another(policies: Policies) -> None:
    who = portal.person("rosa")
    flood(who, 40)
    assert Entry.objects.filter(kind="sign_in_refused").count() == 5
    assert not comes_in(browser("10.0.0.0"), who)
    assert comes_in(browser("192.0.2.7"), who)


def test_while_an_account_is_guessed_at_from_many_places_a_new_browser_waits_and_then_comes_in(
    policies: Policies,
) -> None:
    who = portal.person("rosa")
    flood(who, 40, addresses=10)
    assert Entry.objects.filter(kind="sign_in_refused").count() == 20
    assert not comes_in(browser("192.0.2.7"), who)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6), tick=True):
        assert comes_in(browser("192.0.2.7"), who)


def test_a_flood_of_names_and_places_makes_no_count_forgotten(policies: Policies) -> None:
    who = portal.person("rosa")
    flood(who, 40, addresses=10)
    for number in range(400):
        said = {"login": f"nobody-{number}@demo.invalid", "password": "wrong"}
        browser(f"10.1.{number // 200}.{number % 200}").post(reverse("account_login"), said)
    flood(who, 40, addresses=10)
    tried = Entry.objects.filter(kind="sign_in_refused", subject=who.pk).count()
    assert tried == 20, f"{tried} guesses were tried"


def test_guessing_at_many_accounts_from_one_address_stops_no_known_browser_there(policies: Policies) -> None:
    who = portal.person("rosa")
    home = signed_out(who)
    for number in range(30):
        comes_in(browser(), portal.person(f"victim-{number}"), "wrong")
    assert Entry.objects.filter(kind="sign_in_refused").count() <= 20
    assert comes_in(home, who)


def test_a_known_browser_guesses_no_more_than_others(policies: Policies) -> None:
    who = portal.person("rosa")
    stolen = signed_out(who)
    for _ in range(6):
        comes_in(stolen, who, "wrong")
    assert not comes_in(stolen, who)


def test_a_browser_is_known_for_its_own_people_only(policies: Policies) -> None:
    rosa, ada = portal.person("rosa"), portal.person("ada")
    of_rosa = signed_out(rosa)
    flood(ada, 40, addresses=10)
    assert not comes_in(of_rosa, ada), "a browser that one person knows is another's way around the limit"


def test_a_forged_cookie_names_nobody(policies: Policies) -> None:
    who = portal.person("rosa")
    flood(who, 40, addresses=10)
    for forged in ("", "x", signing.dumps({who.pk: "mine"}, salt="another")):
        stranger = browser()
        stranger.cookies[known_browsers.COOKIE] = forged
        assert not comes_in(stranger, who)


def test_a_wrong_password_makes_no_browser_known(policies: Policies) -> None:
    stranger = browser()
    comes_in(stranger, portal.person("rosa"), "wrong")
    assert known_browsers.COOKIE not in stranger.cookies


def test_a_shared_browser_knows_the_last_few_people(policies: Policies) -> None:
    shared = browser()
    for number in range(known_browsers.MOST_PEOPLE + 2):
        assert comes_in(shared, portal.person(f"person-{number}"))
        del shared.cookies["parlatory_portal_session"]
    known = signing.loads(shared.cookies[known_browsers.COOKIE].value, salt=known_browsers.SALT)
    assert len(known) == known_browsers.MOST_PEOPLE


def test_a_try_is_counted_in_one_transaction_and_taken_back_in_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    depth = len(connection.savepoint_ids)
    seen = []

    def noted(step: Callable[..., Any]) -> Callable[..., Any]:
        def note(*args: Any, **named: Any) -> Any:
            seen.append(len(connection.savepoint_ids) - depth)
            return step(*args, **named)

        return note

    # Each transaction waits for its turn to write; who waited too long for one of many was refused.
    monkeypatch.setattr(ratelimit, "consume", noted(ratelimit.consume))
    monkeypatch.setattr(ratelimit.RateLimitUsage, "rollback", noted(ratelimit.RateLimitUsage.rollback))
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    tried = known_browsers.try_password(request, "nobody@demo.example")
    assert tried is not None
    tried.rollback()
    assert seen == [1, 1, 1, 1, 1, 1]
