"""A mailed link for a browser that others' guesses keep waiting: it helps its person and nobody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail, signing
from django.test import Client
from django.urls import reverse

from hub.ledger.models import Entry
from hub.people import browser_links
from hub.people.models import Person
from tests import portal
from tests.integration.sign_in.test_known_browsers import browser, comes_in, flood
from tests.portal import Policies

pytestmark = pytest.mark.django_db


def asked(who: str, one: Client | None = None) -> str:
    """Have a link mailed and return what is answered."""
    one = one or browser("192.0.2.9")
    answer = one.post(reverse("own_browser"), {"login": who}, follow=True)
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())


def mailed(who: Person) -> str:
    """Have a link mailed and return it as it stands in the mail."""
    asked(who.email)
    return newest()


def newest() -> str:
    (found,) = re.findall(r"http\S+(/sign-in/own-browser/\?link=\S+)", str(mail.outbox[-1].body))
    return str(found)


def opened(link: str, address: str = "192.0.2.7") -> Client:
    """Return a new browser in which a link was opened."""
    one = browser(address)
    one.get(link)
    return one


def test_a_new_browser_comes_in_by_the_mailed_link_while_others_guess(policies: Policies) -> None:
    who = portal.person("rosa")
    flood(who, 40, addresses=10)
    kept_out = browser("192.0.2.7")
    kept_out.post(reverse("account_login"), {"login": who.email, "password": portal.PASSWORD})
    said = kept_out.post(reverse("account_login"), {"login": who.email, "password": portal.PASSWORD})
    assert reverse("own_browser") in said.content.decode(), "whoever is kept waiting is not told of the way"
    one = opened(mailed(who))
    flood(who, 40, addresses=10)
    assert comes_in(one, who), "the mailed link is no way in"


def test_the_link_signs_nobody_in_and_leaves_no_session(policies: Policies) -> None:
    who = portal.person("rosa")
    one = opened(mailed(who))
    assert one.get("/").status_code == 302
    assert "parlatory_portal_session" not in one.cookies
    assert not Entry.objects.filter(kind="signed_in").exists()


def test_all_browsers_that_open_one_link_share_its_few_tries(policies: Policies) -> None:
    who = portal.person("rosa")
    link = mailed(who)
    for number in range(20):
        comes_in(opened(link, f"10.0.0.{number}"), who, "wrong")
    tried = Entry.objects.filter(kind="sign_in_refused").count()
    assert tried == 5, f"{tried} guesses were tried"


def test_a_link_is_of_use_for_its_own_person_only(policies: Policies) -> None:
    rosa, ada = portal.person("rosa"), portal.person("ada")
    flood(ada, 40, addresses=10)
    assert not comes_in(opened(mailed(rosa)), ada)


@pytest.mark.parametrize("salt", [browser_links.SALT + "x", "hub.people.known_browsers"])
def test_a_forged_link_says_that_it_is_over_and_makes_no_browser_known(salt: str, policies: Policies) -> None:
    who = portal.person("rosa")
    flood(who, 40, addresses=10)
    forged = signing.dumps({"person": who.pk, "name": "mine"}, salt=salt)
    for link in (forged, "x", mailed(who)[:-3].partition("link=")[2]):
        one = browser("192.0.2.7")
        answer = one.get(reverse("own_browser"), {"link": link})
        assert answer.status_code == 404 and "not valid any more" in answer.content.decode()
        assert not comes_in(one, who)


def test_an_old_link_makes_no_browser_known(policies: Policies) -> None:
    who = portal.person("rosa")
    link = mailed(who)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2, minutes=1), tick=True):
        flood(who, 40, addresses=10)
        assert not comes_in(opened(link), who)


def test_nobody_is_flooded_with_mail_and_the_last_one_is_good_while_none_is_mailed(
    policies: Policies,
) -> None:
    who = portal.person("rosa")
    began = datetime.now(UTC)
    for minutes in range(0, 180, 5):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=True):
            before = len(mail.outbox)
            for number in range(3):
                asked(who.email, browser(f"10.0.{minutes}.{number}"))
            assert len(mail.outbox) - before <= 3
            assert browser("192.0.2.7").get(newest()).status_code == 302
    assert len(mail.outbox) <= 9, f"{len(mail.outbox)} mails in three hours"


def test_who_has_no_account_or_a_suspended_one_gets_no_mail_and_the_same_answer(policies: Policies) -> None:
    who, put_out = portal.person("rosa"), portal.person("ada")
    Person.objects.filter(pk=put_out.pk).update(suspended_at=datetime.now(UTC), suspended_reason="leave")
    answers = {asked(email) for email in (who.email, "nobody@north.example", put_out.email)}
    assert len(answers) == 1, "the answer tells who has an account"
    assert [letter.to for letter in mail.outbox] == [[who.email]]


def test_one_address_has_few_mails_sent(policies: Policies) -> None:
    for number in range(30):
        said = asked(portal.person(f"person-{number}").email, browser("192.0.2.9"))
    assert len(mail.outbox) == 20
    assert "Ask from another network" in said
    asked(portal.person("rosa").email, browser("198.51.100.9"))
    assert mail.outbox[-1].to == ["rosa@north.example"]
