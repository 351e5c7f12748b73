"""Projects whose named checkers became too few: told to the admins, who can name others, once each time."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from egress_review.shortages import Shortage
from hub.notices import audience
from hub.notices.drafts import Draft, to
from hub.notices.kinds import About


def drafts(shortage: Shortage, *, at: datetime) -> list[Draft]:
    """Return what admins are to know of a project that waits for checkers since a moment."""
    project = shortage.project
    mail = f"{shortage} {_meanwhile(shortage.waiting)} Name others, or mend what keeps them from reviewing."
    body = "\n".join([mail, "", *(f"• {one}" for one in shortage.lost())])
    draft = Draft(
        person="",
        about=About.REVIEW,
        key=f"short:{project.pk}:{at.isoformat()}",
        title=f"{project.title} has too few checkers",
        body=body,
        mail=mail,
        url=reverse("provisioning:reviewers", args=[project.slug]),
        at=at,
    )
    return to(audience.admins(), draft)


def _meanwhile(waiting: int) -> str:
    if not waiting:
        return "What it hands in will wait until that is mended."
    return "One submission of it waits." if waiting == 1 else f"{waiting} submissions of it wait."
