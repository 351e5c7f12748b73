"""A notice before it is kept: what happened, why, and what to do now, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from hub.ledger.models import Entry
from hub.notices.kinds import About
from hub.notices.models import Notice
from hub.people.models import Person

LONGEST_TITLE = 200
LONGEST_BODY = 6_000


@dataclass(frozen=True)
class Draft:
    """What one person should know; `mail` may leave the enclave: no finding, comment or part of a file."""

    person: str
    about: About
    key: str
    title: str
    body: str
    mail: str
    url: str
    at: datetime

    def notice(self) -> Notice:
        """Return the row that keeps it."""
        return Notice(
            person_id=self.person,
            about=self.about.value,
            key=self.key,
            title=shortened(self.title, LONGEST_TITLE),
            body=shortened(self.body, LONGEST_BODY),
            mail_text=shortened(self.mail, LONGEST_BODY),
            url=self.url,
            at=self.at,
        )


def of(entry: Entry, about: About, title: str, body: str, *, url: str, mail: str = "") -> Draft:
    """Return a draft that follows from an entry; without a text for mail the body is mailed."""
    return Draft(
        person="",
        about=about,
        key=f"entry:{entry.index}:{about.value}",
        title=title,
        body=body,
        mail=mail or body,
        url=url,
        at=entry.at,
    )


def to(people: Iterable[Person], draft: Draft) -> list[Draft]:
    """Return the draft for each of these people, once."""
    return [replace(draft, person=id) for id in dict.fromkeys(person.id for person in people)]


def keep(drafts: Iterable[Draft]) -> None:
    """Keep drafts as notices; one that is there already stays as it is."""
    Notice.objects.bulk_create([draft.notice() for draft in drafts], ignore_conflicts=True)


def shortened(text: str, most: int) -> str:
    """Return a text that fits, with a sign where it was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"
