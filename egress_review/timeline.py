"""What pages say about a submission's way: its steps so far, its place in the queue, what went before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from egress_review.models import REVIEWERS_NEEDED, Release, Submission
from egress_review.states import State
from hub.access.models import Approval
from hub.people.models import Person

EARLIER = 10


@dataclass(frozen=True)
class Step:
    """Something that happened to a submission."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Queued:
    """A submission as the queue shows it; of the votes, only how many there are."""

    submission: Submission
    waiting_hours: int
    tier: int | None
    size_bytes: int
    votes: int
    votes_needed: int
    voted: bool


def steps(submission: Submission) -> list[Step]:
    """Return what happened so far, in order."""
    release = Release.objects.filter(submission=submission).first()
    happened = [
        (submission.submitted_at, "Handed in and frozen"),
        (submission.screened_at, "Screened" if submission.state != State.BLOCKED else "Screened and blocked"),
        (submission.decided_at, f"Decided by {REVIEWERS_NEEDED} checkers"),
        (release.released_at if release else None, "Released"),
        (submission.withdrawn_at, "Withdrawn"),
    ]
    return [Step(at, what) for at, what in happened if at is not None]


def queued(submission: Submission, *, reader: Person) -> Queued:
    """Return how a submission stands in the queue."""
    tiers = Approval.objects.filter(project_id=submission.project_id)
    votes = list(submission.reviews.values_list("reviewer_id", flat=True))
    return Queued(
        submission=submission,
        waiting_hours=int((timezone.now() - submission.submitted_at).total_seconds() // 3600),
        tier=max(tiers.values_list("version__dataset__tier", flat=True), default=None),
        size_bytes=submission.bytes_in_all,
        votes=len(votes),
        votes_needed=REVIEWERS_NEEDED,
        voted=reader.id in votes,
    )


def earlier(submission: Submission) -> list[Submission]:
    """Return what the project handed in before: two results may say more than each alone."""
    before = Submission.objects.filter(
        project_id=submission.project_id, submitted_at__lt=submission.submitted_at
    )
    return list(before.prefetch_related("files").order_by("-submitted_at")[:EARLIER])
