"""Letters: notices by mail, alone or together, sent again with growing patience until a server takes them."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F

from hub import beside
from hub.notices.drafts import shortened
from hub.notices.kinds import RULES, About, Mail
from hub.notices.models import Letter, Notice, Preference
from hub.places import places

log = logging.getLogger("parlatory.notices")

AT_ONCE_BATCH = 200
DIGEST_AT = time(6, 0)
DIGEST_WEEKDAY = 0
MOST_IN_DIGEST = 100
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
SENDING = timedelta(minutes=10)
# What a server says of one letter: of its addresses or its content, or a line that can't be written.
ABOUT_THE_LETTER = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError)
FOOT = """
–
You get this from {portal}. What is about data, findings or comments stays there.
How soon you get mail about what: {portal}{preferences}
"""


def make(*, at: datetime) -> int:
    """Put notices into letters as their readers prefer; return how many letters there are more."""
    waiting = list(Notice.objects.filter(mailed=False, at__lte=at).select_related("person")[:AT_ONCE_BATCH])
    wishes = _wishes({notice.person_id for notice in waiting})
    made = 0
    for notice in waiting:
        wish = wishes.get((notice.person_id, notice.about)) or RULES[About(notice.about)].default
        if wish is Mail.NEVER:
            Notice.objects.filter(pk=notice.pk).update(mailed=True)
        elif wish is Mail.AT_ONCE:
            made += _letter([notice], key=f"notice:{notice.pk}", at=at)
    return made + _digests(at)


def send(*, at: datetime) -> int:
    """Send what is due; one that a server doesn't take is tried again later. Return how many were taken."""
    due = Letter.objects.filter(sent_at=None, due_at__lte=at).select_related("person").order_by("due_at")
    taken = 0
    for letter in due[:AT_ONCE_BATCH]:
        beside.goes_on()
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(letter.attempts, 20))
        # Nobody else sends it meanwhile; a process that stops here leaves it due again.
        claimed = Letter.objects.filter(pk=letter.pk, sent_at=None, due_at=letter.due_at).update(
            due_at=at + SENDING, attempts=F("attempts") + 1
        )
        if not claimed:
            continue
        try:
            _hand_over(letter)
        except (OSError, ValueError) as error:
            said = f"{type(error).__name__}: {error}"[:300]
            log.warning("letter_not_sent letter=%s reason=%s", letter.pk, said)
            Letter.objects.filter(pk=letter.pk).update(due_at=at + wait, error=said)
            if not isinstance(error, ABOUT_THE_LETTER):
                # The server itself is not there: the others need not wait for it one by one.
                break
        else:
            Letter.objects.filter(pk=letter.pk).update(sent_at=datetime.now(UTC), error="")
            taken += 1
    return taken


def digest_since(wish: Mail, at: datetime) -> datetime:
    """Return the last time at which what came before goes out together."""
    due = datetime.combine(at.date(), DIGEST_AT, UTC)
    if due > at:
        due -= timedelta(days=1)
    if wish is Mail.WEEKLY:
        due -= timedelta(days=(due.weekday() - DIGEST_WEEKDAY) % 7)
    return due


def _digests(at: datetime) -> int:
    made = 0
    for wish in (Mail.DAILY, Mail.WEEKLY):
        due = digest_since(wish, at)
        people = Notice.objects.filter(mailed=False, at__lt=due).values_list("person_id", flat=True)
        for person in set(people.order_by()):
            wishes = _wishes({person})
            about = [
                one.value for one in About if (wishes.get((person, one.value)) or RULES[one].default) is wish
            ]
            notices = Notice.objects.filter(mailed=False, at__lt=due, person=person, about__in=about)
            found = list(notices.select_related("person").order_by("at")[:MOST_IN_DIGEST])
            if found:
                key = f"{wish.value}:{person}:{due:%Y-%m-%d}:{found[0].pk}"
                made += _letter(found, key=key, at=at)
    return made


def _letter(notices: list[Notice], *, key: str, at: datetime) -> int:
    person = notices[0].person
    with transaction.atomic():
        letter, new = Letter.objects.get_or_create(
            key=key,
            defaults={
                "person": person,
                "subject": _subject(notices),
                "text": _text(notices),
                "made_at": at,
                "due_at": at,
            },
        )
        Notice.objects.filter(pk__in=[one.pk for one in notices]).update(mailed=True, letter=letter)
    return int(new)


def _subject(notices: list[Notice]) -> str:
    """Return one line: a title may hold what a person typed, and a mail's head ends at a line's end."""
    said = notices[0].title if len(notices) == 1 else f"{len(notices)} notices"
    return shortened("[Parlatory] " + " ".join(said.split()), 200)


def _text(notices: Iterable[Notice]) -> str:
    parts = [
        f"{notice.title}\n\n{notice.mail_text}\n\n{places.portal_url}{notice.url}\n" for notice in notices
    ]
    return "\n\n".join(parts) + FOOT.format(portal=places.portal_url, preferences="/notices/preferences/")


def _hand_over(letter: Letter) -> None:
    """Give a letter to the mail server; raises what the server or the way to it says."""
    EmailMessage(
        subject=letter.subject,
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.person.email],
        # The same at every try, so that one that was taken twice is shown once.
        headers={
            "Message-ID": f"<{letter.pk}@{places.enclave}.parlatory>",
            "Auto-Submitted": "auto-generated",
        },
    ).send()


def _wishes(people: set[str]) -> dict[tuple[str, str], Mail]:
    """Return what people prefer, as far as that may be chosen today."""
    rows = Preference.objects.filter(person__in=people).values_list("person_id", "about", "mail")
    return {
        (person, about): Mail(mail)
        for person, about, mail in rows
        if about in set(About) and mail in {one.value for one in RULES[About(about)].choices}
    }
