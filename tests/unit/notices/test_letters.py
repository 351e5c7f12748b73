"""Letters go out as their readers prefer, once, and none is lost when no server takes them."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from hub.errors import Unavailable
from hub.notices import courier, letters
from hub.notices.kinds import RULES, About, Mail
from hub.notices.models import Letter, Notice, Preference
from hub.people.models import Person
from tests import portal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policies")]

# A Wednesday.
NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)


@pytest.fixture
def rosa() -> Person:
    return portal.person("rosa")


def notice(person: Person, about: About = About.RESULTS, *, at: datetime = NOON, **more: Any) -> Notice:
    facts = {"title": "It came back", "body": "secret finding", "mail_text": "See its page.", "url": "/x/"}
    key = f"k{Notice.objects.count()}"
    return Notice.objects.create(person=person, about=about.value, key=key, at=at, **(facts | more))


def wish(person: Person, about: About, how: Mail) -> None:
    Preference.objects.update_or_create(person=person, about=about.value, defaults={"mail": how.value})


def rounds(*moments: datetime) -> list[int]:
    """Return how many mails had gone out after each moment."""
    out = []
    for at in moments:
        letters.make(at=at)
        letters.send(at=at)
        out.append(len(mail.outbox))
    return out


def test_at_once_is_once(rosa: Person) -> None:
    notice(rosa)
    assert rounds(NOON, NOON, NOON + timedelta(days=8)) == [1, 1, 1]
    (sent,) = mail.outbox
    assert sent.to == ["rosa@north.example"] and sent.subject == "[Parlatory] It came back"
    assert "See its page." in sent.body and "secret finding" not in sent.body and "/x/" in sent.body


def test_daily_comes_together_at_six(rosa: Person) -> None:
    wish(rosa, About.RESULTS, Mail.DAILY)
    notice(rosa, at=NOON)
    notice(rosa, at=NOON + timedelta(hours=1), title="And more")
    six = NOON.replace(hour=6) + timedelta(days=1)
    assert rounds(NOON + timedelta(hours=2), six - timedelta(seconds=1), six, six + timedelta(hours=1)) == [
        0,
        0,
        1,
        1,
    ]
    assert mail.outbox[0].subject == "[Parlatory] 2 notices" and "And more" in mail.outbox[0].body


def test_weekly_waits_for_monday(rosa: Person) -> None:
    wish(rosa, About.RESULTS, Mail.WEEKLY)
    notice(rosa)
    days = [NOON + timedelta(days=number) for number in (1, 4, 5, 6)]
    assert rounds(*days) == [0, 0, 1, 1]


def test_never_is_never_and_the_portal_still_has_it(rosa: Person) -> None:
    wish(rosa, About.RESULTS, Mail.NEVER)
    notice(rosa)
    assert rounds(NOON, NOON + timedelta(days=30)) == [0, 0]
    assert Notice.objects.unread().count() == 1


def test_what_may_not_be_switched_off_is_not(rosa: Person) -> None:
    """A row that says never, from whatever hand, counts only where never may be chosen."""
    for about in (About.TAKEN, About.ENDS):
        assert Mail.NEVER not in RULES[about].choices
        wish(rosa, about, Mail.NEVER)
        notice(rosa, about)
    assert rounds(NOON) == [2]


def test_a_server_that_fails_loses_nothing_and_is_asked_with_patience(
    rosa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice(rosa)
    notice(rosa, title="Another")
    tried: list[str] = []

    def refuse(self: EmailMessage) -> int:
        tried.append(self.subject)
        raise ConnectionRefusedError(111, "Connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        rounds(NOON)
        # The second is not tried: the server itself is away.
        assert len(tried) == 1
        rounds(*[NOON + timedelta(minutes=number) for number in range(5, 60 * 24, 5)])
    first = Letter.objects.order_by("made_at", "pk").first()
    assert first is not None and "Connection refused" in first.error and first.sent_at is None
    assert 8 <= first.attempts <= 16
    assert rounds(NOON + timedelta(days=2)) == [2]
    assert {sent.subject for sent in mail.outbox} == {"[Parlatory] It came back", "[Parlatory] Another"}
    assert not Letter.objects.exclude(error="").exists()


def test_one_bad_address_keeps_no_other_letter_back(rosa: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    notice(rosa)
    notice(portal.person("adam"))
    real = EmailMessage.send

    def picky(self: EmailMessage) -> int:
        if self.to == ["rosa@north.example"]:
            raise smtplib.SMTPRecipientsRefused({"rosa@north.example": (550, b"unknown")})
        return int(real(self))

    monkeypatch.setattr(EmailMessage, "send", picky)
    assert rounds(NOON) == [1] and mail.outbox[0].to == ["adam@north.example"]


def test_the_same_letter_has_the_same_number_at_every_try(
    rosa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice(rosa)
    rounds(NOON)
    Letter.objects.update(sent_at=None, due_at=NOON)
    rounds(NOON)
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


@pytest.mark.parametrize("title", ["a\r\nBcc: eve@example.org", "a\nb", "\u202etxt", "x" * 500])
def test_no_title_makes_another_head_line(rosa: Person, title: str) -> None:
    notice(rosa, title=title[:200])
    assert rounds(NOON) == [1]
    assert "\n" not in mail.outbox[0].subject and mail.outbox[0].message()["Bcc"] is None


def test_the_courier_sends_although_the_policies_are_silent(
    rosa: Person, policies: portal.Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> int:
        raise Unavailable("no answer")

    monkeypatch.setattr("hub.notices.reconciler.read_ledger", silent)
    notice(rosa)
    courier.step(at=NOON, calendar=False)
    assert len(mail.outbox) == 1
