"""Projects that too few checkers can review: told to the admins, who can mend it, once each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from egress_review import shortages
from egress_review.shortages import Shortage
from hub.notices import audience
from hub.notices.drafts import Draft, to
from hub.notices.kinds import About

# More than these are told in one notice: one checker who falls out may leave every project short.
MOST_APART = 3
MOST_LISTED = 20


def drafts(found: Sequence[Shortage], *, at: datetime) -> list[Draft]:
    """Return what admins are to know of projects that wait for checkers since a moment."""
    made = [_together(found, at)] if len(found) > MOST_APART else [_of(one, at) for one in found]
    admins = audience.admins() if made else []
    return [each for one in made for each in to(admins, one)]


def mending(shortage: Shortage) -> str:
    """Say what an admin can do about it."""
    if shortage.named:
        return "Name others, or mend what keeps them from reviewing."
    return "Give somebody from outside the role of output checker, or mend what keeps them from reviewing."


def page(shortage: Shortage) -> str:
    """Return where an admin mends it."""
    if shortage.named:
        return reverse("provisioning:reviewers", args=[shortage.project.slug])
    return reverse("people:people") + "?role=output_checker"


def _of(shortage: Shortage, at: datetime) -> Draft:
    project = shortage.project
    mail = f"{shortage} {_meanwhile(shortage.waiting)} {mending(shortage)}"
    return Draft(
        person="",
        about=About.REVIEW,
        key=f"short:{project.pk}:{at.isoformat()}",
        title=f"{project.title} has too few checkers",
        body=_listed(mail, shortage.lost()),
        mail=mail,
        url=page(shortage),
        at=at,
    )


def _together(found: Sequence[Shortage], at: datetime) -> Draft:
    mail = _listed(
        "What they hand in waits until that is mended.",
        [f"{one.project.title}: {one}" for one in found[:MOST_LISTED]],
        more=len(found) - MOST_LISTED,
    )
    unnamed = next((one for one in found if not one.named), None)
    return Draft(
        person="",
        about=About.REVIEW,
        key=f"short:together:{at.isoformat()}",
        title=f"{len(found)} projects have too few checkers",
        body=_listed(mail, shortages.sentences(shortages.office())),
        mail=mail,
        url=page(unnamed or found[0]),
        at=at,
    )


def _listed(text: str, lines: list[str], *, more: int = 0) -> str:
    rest = [f"• and {more} more"] if more > 0 else []
    return "\n".join([text, "", *(f"• {one}" for one in lines), *rest])


def _meanwhile(waiting: int) -> str:
    if not waiting:
        return "What it hands in will wait until that is mended."
    return "One submission of it waits." if waiting == 1 else f"{waiting} submissions of it wait."
