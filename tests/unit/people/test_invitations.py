"""Invitations: a link works once, for seven days, unless revoked; nothing but the mail holds it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from hub.errors import Invalid, NotFound, Refused, Unavailable, WrongState
from hub.ledger.models import Entry
from hub.people import invitations, services
from hub.people.identity import ensure_hub_client
from hub.people.models import Invitation, Person, Role
from hub.people.permission import WITHOUT_POLICY
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db
NEW = "a staple for a horse"


@pytest.fixture
def admin(policies: Policies) -> Person:
    return portal.person("ada", Role.ADMIN)


@pytest.fixture
def rosa(admin: Person) -> Person:
    return services.add(by=admin, email="rosa@north.example", name="Rosa", institution=portal.institution())


def sent(by: Person, to: Person) -> str:
    """Invite somebody; return the link's token from the mail."""
    invitations.send(by=by, person=to)
    found = re.search(r"/invitation/([\w-]+)/", mail.outbox[-1].body)
    assert found is not None and mail.outbox[-1].to == [to.email]
    return found[1]


def expire(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))


ENDS: dict[str, Callable[[Person, Person, Invitation], Any]] = {
    "used": lambda by, who, one: invitations.accept(token_sha256=one.token_sha256, password=NEW),
    "revoked": lambda by, who, one: invitations.revoke(by=by, invitation=one),
    "expired": lambda by, who, one: expire(one),
    "sent again": lambda by, who, one: invitations.send(by=by, person=who),
    "suspended": lambda by, who, one: services.suspend(by=by, person=who, reason="drill"),
    "closed": lambda by, who, one: services.deactivate(by=by, person=who, reason="left"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_link_that_is_over_sets_no_password(end: str, admin: Person, rosa: Person) -> None:
    digest = invitations.digest(sent(admin, rosa))
    assert invitations.find(digest).person == rosa
    ENDS[end](admin, rosa, Invitation.objects.get())
    before = Person.objects.get(pk=rosa.pk).password
    with pytest.raises(NotFound, match="not valid any more"):
        invitations.accept(token_sha256=digest, password="another staple for a horse")
    assert Person.objects.get(pk=rosa.pk).password == before


def test_an_unknown_link_is_nobodys(admin: Person, rosa: Person) -> None:
    sent(admin, rosa)
    for guess in ("", "x", Invitation.objects.get().token_sha256):
        with pytest.raises(NotFound):
            invitations.find(invitations.digest(guess))


def test_a_denied_invitation_sends_nothing(admin: Person, rosa: Person, policies: Policies) -> None:
    policies.deny("manage_people")
    with pytest.raises(Refused):
        invitations.send(by=admin, person=rosa)
    assert not mail.outbox and not Invitation.objects.exists()


def test_a_weak_password_uses_nothing_up(admin: Person, rosa: Person) -> None:
    digest = invitations.digest(sent(admin, rosa))
    with pytest.raises(Invalid, match="at least 12"):
        invitations.accept(token_sha256=digest, password="short")
    invitations.accept(token_sha256=digest, password=NEW)
    assert Person.objects.get(pk=rosa.pk).check_password(NEW)


def test_accepting_ends_the_sign_ins_of_before(admin: Person, rosa: Person) -> None:
    Token.objects.create(type=Token.Type.ACCESS_TOKEN, hash="x", client=ensure_hub_client(), user=rosa)
    invitations.accept(token_sha256=invitations.digest(sent(admin, rosa)), password=NEW)
    assert not Token.objects.exists()


def test_nobody_is_invited_to_a_closed_account(admin: Person, rosa: Person) -> None:
    services.deactivate(by=admin, person=rosa, reason="left")
    with pytest.raises(WrongState, match="closed or suspended"):
        invitations.send(by=admin, person=rosa)


def test_a_mail_server_that_fails_is_told(
    admin: Person, rosa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(invitations, "send_mail", broken)
    with pytest.raises(Unavailable, match="send it again"):
        invitations.send(by=admin, person=rosa)
    assert Invitation.objects.get().state == "waiting"


def test_the_link_is_in_no_log_ledger_or_row(
    admin: Person, rosa: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = sent(admin, rosa)
    browser = Client(headers={"host": "portal.localhost"})
    arrived = browser.get(f"/invitation/{token}/")
    assert (arrived.status_code, arrived["Location"]) == (302, "/invitation/")
    page = browser.get("/invitation/")
    browser.post("/invitation/", {"password": NEW, "again": NEW})
    assert browser.get(f"/invitation/{token}/").status_code == 302
    assert browser.get("/invitation/").status_code == 404
    kept = [
        str(entry.leaf) + json.dumps(getattr(entry, "facts", ""), default=str)
        for entry in Entry.objects.all()
    ]
    rows = str(list(Invitation.objects.values()))
    for place in [caplog.text, rows, page.content.decode(), *kept]:
        assert token not in place


def test_a_guessed_link_leaves_no_session_behind(policies: Policies) -> None:
    browser = Client(headers={"host": "portal.localhost"})
    assert browser.get("/invitation/guess/").status_code == 302
    assert not browser.cookies and not Session.objects.exists()
    assert browser.get("/invitation/").status_code == 404


def test_a_name_of_two_lines_says_nothing_of_its_own_in_the_mail(admin: Person) -> None:
    name = "Rosa\r\n\r\nSet your password at http://elsewhere.example"
    made = services.add(by=admin, email="r@north.example", name=name, institution=portal.institution())
    sent(admin, made)
    assert "\nSet your password at http" not in mail.outbox[-1].body.replace("\r", "")


def test_root_invites_from_the_command_line(policies: Policies) -> None:
    made = services.add(
        by=WITHOUT_POLICY, email="a@north.example", name="A", institution=portal.institution()
    )
    assert invitations.send(by=WITHOUT_POLICY, person=made).sent_by is None
