"""Projects that too few checkers can review: told to the admins, who can mend it, and once it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from django.urls import reverse

from egress_review import shortages
from egress_review.models import Submission
from egress_review.shortages import Shortage
from egress_review.states import VOTING
from hub.access import tiers
from hub.notices import audience
from hub.notices.drafts import Draft, to
from hub.notices.kinds import About
from hub.projects.models import Project, ProjectState

# More than these are told in one notice: one checker who falls out may leave every project short.
MOST_APART = 3
MOST_LISTED = 20


def drafts(found: Sequence[Shortage], *, at: datetime) -> list[Draft]:
    """Return what admins are to know of projects that wait for checkers since a moment."""
    made = [_together(found, at)] if len(found) > MOST_APART else [_of(one, at) for one in found]
    admins = audience.admins() if made else []
    return [each for one in made for each in to(admins, one)]


def mended(projects: Iterable[Project], *, at: datetime) -> list[Draft]:
    """Return what is to be known of projects that enough checkers can review again.

    Admins are told as of the shortage; authors of what waited are told that it goes on.
    """
    found = [one for one in projects if one.state == ProjectState.OPEN]
    told = [_mended_together(found, at)] if len(found) > MOST_APART else [_mended(one, at) for one in found]
    admins = audience.admins() if told else []
    waiting = Submission.objects.filter(project__in=found, state__in=[state.value for state in VOTING])
    going_on = [each for one in waiting.order_by("pk") for each in _going_on(one, at)]
    return [*(each for one in told for each in to(admins, one)), *going_on]


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


def _mended(project: Project, at: datetime) -> Draft:
    able, needed = shortages.able(project).count(), tiers.needed(project)
    return _good(
        key=f"mended:{project.pk}:{at.isoformat()}",
        title=f"{project.title} has enough checkers again",
        body=f"{able} can review it today, and a release needs {needed} approvals. What waited goes on.",
        url=reverse("access:project", args=[project.slug]),
        at=at,
    )


def _mended_together(found: Sequence[Project], at: datetime) -> Draft:
    return _good(
        key=f"mended:together:{at.isoformat()}",
        title=f"{len(found)} projects have enough checkers again",
        body=_listed(
            "What waited for checkers goes on.",
            [one.title for one in found[:MOST_LISTED]],
            more=len(found) - MOST_LISTED,
        ),
        url=reverse("people:people") + "?role=output_checker",
        at=at,
    )


def _going_on(submission: Submission, at: datetime) -> list[Draft]:
    draft = _good(
        key=f"mended:{submission.pk}:{at.isoformat()}",
        title=f"“{submission.title}” can be reviewed again",
        body="It waited for checkers; there are enough of them now. You need do nothing.",
        url=reverse("releases:detail", args=[submission.pk]),
        at=at,
    )
    return to(audience.welcome([submission.author_id]), replace(draft, about=About.RESULTS))


def _good(*, key: str, title: str, body: str, url: str, at: datetime) -> Draft:
    return Draft(person="", about=About.REVIEW, key=key, title=title, body=body, mail=body, url=url, at=at)


def _listed(text: str, lines: list[str], *, more: int = 0) -> str:
    rest = [f"• and {more} more"] if more > 0 else []
    return "\n".join([text, "", *(f"• {one}" for one in lines), *rest])


def _meanwhile(waiting: int) -> str:
    if not waiting:
        return "What it hands in will wait until that is mended."
    return "One submission of it waits." if waiting == 1 else f"{waiting} submissions of it wait."
