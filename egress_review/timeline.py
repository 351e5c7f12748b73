"""What pages say about a submission's way: its steps so far, its place in the queue, what went before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from egress_review.models import Release, Submission
from egress_review.states import State

EARLIER = 10


@dataclass(frozen=True)
class Step:
    """Something that happened to a submission."""

    at: datetime
    what: str


def steps(submission: Submission) -> list[Step]:
    """Return what happened so far, in order."""
    release = Release.objects.filter(submission=submission).first()
    voters = submission.reviews.standing(at=submission.decided_at).count()
    happened = [
        (submission.submitted_at, "Handed in and frozen"),
        (submission.screened_at, "Screened" if submission.state != State.BLOCKED else "Screened and blocked"),
        (submission.decided_at, f"Decided by {voters} checker{'' if voters == 1 else 's'}"),
        (release.released_at if release else None, "Released"),
        (submission.withdrawn_at, "Withdrawn"),
    ]
    return [Step(at, what) for at, what in happened if at is not None]


def earlier(submission: Submission) -> list[Submission]:
    """Return what the project handed in before: two results may say more than each alone."""
    before = Submission.objects.filter(
        project_id=submission.project_id, submitted_at__lt=submission.submitted_at
    )
    return list(before.prefetch_related("files").order_by("-submitted_at")[:EARLIER])
