"""The queue of a checker: what waits, since when, how heavy, who looks at it, and what is not for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from egress_review import conflicts, readings
from egress_review.models import (
    File,
    FileVote,
    Finding,
    Review,
    Severity,
    Submission,
    SubmissionQuerySet,
)
from egress_review.states import State
from hub.access.models import Approval
from hub.people.models import Person
from hub.projects.models import Project

NOT_FOR_ME = 30
ORDERS = {
    "oldest": ("submitted_at", "id"),
    "newest": ("-submitted_at", "-id"),
    "largest": ("-size_bytes", "submitted_at"),
    "flagged": ("-flags", "submitted_at"),
}


@dataclass(frozen=True)
class Queued:
    """A submission as the queue shows it; of the votes, only how many there are."""

    submission: Submission
    waiting_hours: int
    files: int
    size_bytes: int
    tier: int | None
    flags: int
    notes: int
    votes: int
    votes_needed: int
    standing: str
    lookers: tuple[str, ...]
    mine: bool

    @property
    def days(self) -> int:
        """Whole days of waiting."""
        return self.waiting_hours // 24


@dataclass(frozen=True)
class Kept:
    """A submission that waits for others, and why not for the reader."""

    submission: Submission
    why: str


def filtered(person: Person, *, tier: str, project: str, whose: str, order: str) -> QuerySet[Submission]:
    """Return what waits for a person's vote, narrowed and ordered as asked; nonsense narrows nothing."""
    found: Any = weighed((readings.awaiting if whose == "to_vote" else readings.reviewable)(person))
    if tier.isdecimal() and len(tier) <= 2:
        found = found.filter(data_tier=int(tier))
    if project:
        found = found.filter(project__slug=project)
    if whose == "mine":
        found = found.filter(assignments__person=person)
    elif whose == "nobody":
        found = found.filter(assignments=None)
    found = found.annotate(
        i_voted=Exists(Review.objects.filter(submission=OuterRef("pk"), reviewer=person)),
        i_settled=Exists(
            Review.objects.filter(submission=OuterRef("pk"), reviewer=person, settled_at__isnull=False)
        ),
        i_began=Exists(FileVote.objects.filter(file__submission=OuterRef("pk"), reviewer=person)),
    )
    ordered: QuerySet[Submission] = (
        found.select_related("project", "author")
        .prefetch_related("assignments__person")
        .order_by(*ORDERS.get(order, ORDERS["oldest"]))
    )
    return ordered


def weighed(found: SubmissionQuerySet) -> Any:
    """Add to each submission its size, findings, votes and the tier of its project's data."""
    tiers = Approval.objects.filter(project=OuterRef("project")).order_by().values("project")
    counted = Review.objects.standing().filter(submission=OuterRef("pk")).order_by().values("submission")
    return found.annotate(
        files_count=_of(File.objects.all(), Count("id")),
        size_bytes=_of(File.objects.all(), Sum("size_bytes")),
        flags=_of(Finding.objects.filter(severity=Severity.FLAG), Count("id")),
        notes=_of(Finding.objects.filter(severity=Severity.NOTE), Count("id")),
        votes=Coalesce(Subquery(counted.annotate(n=Count("id")).values("n")), 0),
        data_tier=Subquery(
            tiers.annotate(most=Max("version__dataset__tier")).values("most"), output_field=IntegerField()
        ),
    )


def row(submission: Any, *, person: Person) -> Queued:
    """Return a line of the queue for an annotated submission."""
    looking = [one.person for one in submission.assignments.all()]
    return Queued(
        submission=submission,
        waiting_hours=int((timezone.now() - submission.submitted_at).total_seconds() // 3600),
        files=submission.files_count,
        size_bytes=submission.size_bytes,
        tier=submission.data_tier,
        flags=submission.flags,
        notes=submission.notes,
        votes=submission.votes,
        votes_needed=submission.approvals_needed,
        standing=_standing(submission),
        lookers=tuple("you" if one.id == person.id else one.name for one in looking),
        mine=any(one.id == person.id for one in looking),
    )


def kept_from(person: Person) -> list[Kept]:
    """Return what waits for others but not for this person, each with the reason."""
    found = list(
        readings.kept_from(person).select_related("project", "author").order_by("submitted_at")[:NOT_FOR_ME]
    )
    said = conflicts.said_of(person, found)
    return [Kept(one, said.get(one.id, "")) for one in found]


def projects(person: Person) -> QuerySet[Project]:
    """Return the projects that have something in a person's queue."""
    waiting = readings.reviewable(person).order_by().values("project")
    return Project.objects.filter(pk__in=waiting).order_by("title")


def _standing(submission: Any) -> str:
    if submission.state == State.DIFFERING:
        return "answered" if submission.i_settled else "differs"
    if submission.i_voted:
        return "voted"
    return "begun" if submission.i_began else "to vote"


def _of(rows: Any, what: Any) -> Coalesce:
    per_submission = rows.filter(submission=OuterRef("pk")).order_by().values("submission")
    return Coalesce(Subquery(per_submission.annotate(n=what).values("n")), 0)
