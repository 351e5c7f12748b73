"""Guesses at a second factor by somebody who knows the password: few are tried, and the owner comes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from hub.ledger.models import Entry
from hub.people import second_factors
from hub.people.models import Person, Role
from tests import portal
from tests.integration.sign_in.test_browser_links import mailed, opened
from tests.integration.sign_in.test_known_browsers import browser
from tests.portal import Policies
from tests.unit.people.test_standing import code_for

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXP"
WRONG_CODES = Q(kind="sign_in_refused", facts__why=second_factors.WRONG)
GUESSED = pytest.mark.parametrize("guess", ["000000", "00000000"], ids=["codes", "recovery codes"])


@pytest.fixture
def ada(policies: Policies) -> Person:
    """Somebody with an authenticator and recovery codes, none of which is all zeros."""
    made = portal.person("ada", Role.ADMIN, second_factor=True)
    RecoveryCodes.activate(made)
    return made


def gives_password(who: Person, one: Client) -> Client:
    one.post(reverse("account_login"), {"login": who.email, "password": portal.PASSWORD})
    return one


def guess_codes(who: Person, tries: int, *, addresses: int = 1, code: str = "000000") -> None:
    """Sign in by the right password in a new browser for each try, and guess its code."""
    for number in range(tries):
        one = gives_password(who, browser(f"10.0.0.{number % addresses}"))
        one.post(reverse("mfa_authenticate"), {"code": code})


def comes_in(one: Client, who: Person, code: Callable[[], str] = lambda: code_for(SECRET)) -> bool:
    """Say whether password and code open the portal in a browser."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        gives_password(who, one).post(reverse("mfa_authenticate"), {"code": code()})
    return one.get("/").status_code == 200


def home_of(who: Person) -> Client:
    """Return a browser in which somebody had signed in half an hour ago, and is no longer."""
    one = browser()
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=30), tick=False):
        assert comes_in(one, who)
    del one.cookies["parlatory_portal_session"]
    return one


@GUESSED
def test_of_many_wrong_codes_few_are_tried_from_one_address_or_from_many(guess: str, ada: Person) -> None:
    guess_codes(ada, 10, code=guess)
    guess_codes(ada, 20, addresses=20, code=guess)
    tried = Entry.objects.filter(WRONG_CODES).count()
    assert tried == 5, f"{tried} codes were tried"
    assert not comes_in(browser("10.0.0.3"), ada), "a right guess after so many wrong ones was let in"


def test_codes_guessed_in_one_sign_in_are_counted_together_with_those_of_others(ada: Person) -> None:
    for address in ("10.0.0.1", "10.0.0.2"):
        one = gives_password(ada, browser(address))
        for number in range(10):
            one.post(reverse("mfa_authenticate"), {"code": f"{number:06}"})
    tried = Entry.objects.filter(WRONG_CODES).count()
    assert tried == 5, f"{tried} codes were tried"


@GUESSED
def test_who_guesses_codes_keeps_nobody_out_of_a_browser_known_before(guess: str, ada: Person) -> None:
    home = home_of(ada)
    guess_codes(ada, 20, addresses=10, code=guess)
    assert comes_in(home, ada), "somebody else's guesses locked the right person out"


def test_a_recovery_code_opens_once_in_a_known_browser_while_codes_are_guessed(ada: Person) -> None:
    home = home_of(ada)
    guess_codes(ada, 20, addresses=10)
    kept = Authenticator.objects.get(user=ada, type=Authenticator.Type.RECOVERY_CODES).wrap()
    one = kept.get_unused_codes()[0]
    assert comes_in(home, ada, lambda: str(one))
    del home.cookies["parlatory_portal_session"]
    assert not comes_in(home, ada, lambda: str(one)), "a recovery code was used twice"


def test_a_new_browser_comes_in_by_the_mailed_link_while_codes_are_guessed(ada: Person) -> None:
    guess_codes(ada, 20, addresses=10)
    assert not comes_in(browser("192.0.2.7"), ada)
    assert comes_in(opened(mailed(ada)), ada)


def test_a_known_browser_guesses_no_more_codes_than_others(ada: Person) -> None:
    stolen = home_of(ada)
    gives_password(ada, stolen)
    for number in range(8):
        stolen.post(reverse("mfa_authenticate"), {"code": f"{number:06}"})
    tried = Entry.objects.filter(WRONG_CODES).count()
    assert tried == 5, f"{tried} codes were tried"
    assert not comes_in(stolen, ada)


def test_the_owners_sign_in_gives_who_guesses_no_new_tries(ada: Person) -> None:
    home = home_of(ada)
    guess_codes(ada, 10)
    assert comes_in(home, ada)
    guess_codes(ada, 10)
    tried = Entry.objects.filter(WRONG_CODES).count()
    assert tried == 5, f"{tried} codes were tried"


def test_whoever_has_patience_tries_fifty_codes_a_day(ada: Person) -> None:
    began = datetime.now(UTC)
    for turn in range(15):
        with time_machine.travel(began + timedelta(minutes=6 * turn), tick=True):
            guess_codes(ada, 6)
    tried = Entry.objects.filter(WRONG_CODES).count()
    assert tried == 50, f"{tried} codes were tried"


def test_a_stolen_session_guesses_as_few_codes_before_a_change_of_sign_in(ada: Person) -> None:
    stolen = browser()
    assert comes_in(stolen, ada)
    for number in range(8):
        stolen.post(reverse("mfa_reauthenticate"), {"code": f"{number:06}"})
    tried = Entry.objects.filter(WRONG_CODES).count()
    assert tried == 5, f"{tried} codes were tried"


def test_a_code_is_used_once(ada: Person) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False):
        code = code_for(SECRET)
        for address, opens in (("10.0.0.1", 200), ("10.0.0.2", 302)):
            one = gives_password(ada, browser(address))
            one.post(reverse("mfa_authenticate"), {"code": code})
            assert one.get("/").status_code == opens
