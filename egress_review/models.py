"""What is handed in, found, voted and released: data and querysets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from egress_review.states import DECIDED, DUE_FOR_SCREENING, FIRST, State
from hub import ids
from hub.access import tiers
from hub.people.models import Person, choices
from hub.projects.models import FEWEST_APPROVALS, Membership

sha256_only = RegexValidator(r"\A[0-9a-f]{64}\Z", "A content hash is 64 hexadecimal digits.")


class Severity(StrEnum):
    """What a finding means for the submission."""

    BLOCK = "block"
    FLAG = "flag"
    NOTE = "note"


class Vote(StrEnum):
    """What one reviewer wishes."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Submissions, narrowed by who may look and by what is due."""

    def of_projects(self, projects: Iterable[str]) -> SubmissionQuerySet:
        """Keep the submissions of these projects."""
        return self.filter(project_id__in=list(projects))

    def due_for_screening(self, at: datetime) -> SubmissionQuerySet:
        """Keep what nobody is screening: newly submitted, or left behind by a worker that stopped."""
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
        return self.filter(free, state__in=list(DUE_FOR_SCREENING)).order_by("submitted_at")

    def for_review(self) -> SubmissionQuerySet:
        """Keep what waits for votes, the longest waiting first."""
        return self.filter(state=State.IN_REVIEW).order_by("submitted_at")

    def newest_first(self) -> SubmissionQuerySet:
        """Order by the time of handing in; counting drops the model's own order."""
        return self.order_by("-submitted_at", "-id")

    def with_counts(self) -> SubmissionQuerySet:
        """Add how many files, findings and votes each has, never what was voted."""
        return self.annotate(
            file_count=Count("files", distinct=True),
            finding_count=Count("findings", filter=~Q(findings__severity=Severity.NOTE), distinct=True),
            vote_count=Count("reviews", distinct=True),
        )


class Submission(models.Model):
    """Files that somebody wishes to take out of a project, frozen as they arrived."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    session = models.ForeignKey("workspaces.Session", on_delete=models.PROTECT, related_name="submissions")
    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="submissions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="submissions")
    # The submission that came back to its author and that this one stands in for.
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    title = models.CharField(max_length=200)
    context = models.TextField()
    controls = models.TextField()
    # The highest tier of data that the project could see by then: it says how many approve at least.
    tier = models.PositiveSmallIntegerField(default=0)
    # How the author says the numbers of each file were made; the screening recomputes them.
    declared = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=12, choices=choices(State), default=FIRST.value)
    submitted_at = models.DateTimeField(default=timezone.now)
    screened_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # Who screens it and until when that holds: a worker that stops loses its claim by time alone.
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # Why an approved submission has not left yet, for those who wait for it.
    held_reason = models.TextField(blank=True, default="")
    row_version = models.PositiveIntegerField(default=1)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-submitted_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="submission_state_known"
            ),
            models.CheckConstraint(
                condition=Q(tier__in=list(tiers.FEWEST_OF_TIER)), name="submission_tier_known"
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(context="") & ~Q(controls=""), name="submission_explained"
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"])]

    @property
    def approvals_needed(self) -> int:
        """How many checkers have to approve it: as its project asks, or as the data's tier does if more."""
        return tiers.needed_for(self.project, tier=self.tier)

    def __str__(self) -> str:
        return self.title


class File(models.Model):
    """One file of a submission: the bytes as handed in, and the canonical copy that may leave."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, validators=[sha256_only])
    size_bytes = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=30, blank=True, default="")
    media_type = models.CharField(max_length=100, blank=True, default="")
    canonical_sha256 = models.CharField(max_length=64, blank=True, default="")
    canonical_size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    canonical_name = models.CharField(max_length=120, blank=True, default="")
    canonical_bits = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["submission", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "name"], name="file_name_once_per_submission")
        ]

    def __str__(self) -> str:
        return self.name


class Finding(models.Model):
    """Something the screening saw, where, and how to put it right."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="findings")
    file = models.ForeignKey(File, null=True, blank=True, on_delete=models.PROTECT, related_name="findings")
    # Django keeps `check` on every model for itself.
    check_name = models.CharField(max_length=40, db_column="check")
    severity = models.CharField(max_length=5, choices=choices(Severity))
    where = models.CharField(max_length=300, blank=True, default="")
    message = models.TextField()
    fix = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["severity", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=[severity.value for severity in Severity]),
                name="finding_severity_known",
            )
        ]

    def __str__(self) -> str:
        return self.message

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as the researcher's client shows it."""
        return {
            "file": self.file.name if self.file else None,
            "check": self.check_name,
            "severity": self.severity,
            "where": self.where,
            "message": self.message,
            "fix": self.fix,
        }


class ReviewQuerySet(models.QuerySet["Review"]):
    """Votes; a reader sees another's only when all are in."""

    def standing(self, *, at: datetime | None = None) -> ReviewQuerySet:
        """Keep the votes that count, or did at a moment: not those of people with a declared conflict."""
        declared = Conflict.objects.filter(
            person=OuterRef("reviewer"), project=OuterRef("submission__project")
        )
        if at is not None:
            declared = declared.filter(declared_at__lte=at)
        return self.filter(~Exists(declared))

    def readable_by(self, person: str) -> ReviewQuerySet:
        """Keep the reader's own votes; another's once all are in, to other readers once it is decided."""
        return self.filter(Q(reviewer_id=person) | Q(submission__in=_told(person)))


class Review(models.Model):
    """One reviewer's finished review: the vote that follows from those on the files, and why."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    vote = models.CharField(max_length=7, choices=choices(Vote))
    comment = models.TextField(blank=True, default="")
    # Read by checkers only, never by the author.
    note = models.TextField(blank=True, default="")
    voted_at = models.DateTimeField(default=timezone.now)
    # When its reviewer answered once more, after the votes differed.
    settled_at = models.DateTimeField(null=True, blank=True)
    decision_id = models.CharField(max_length=26, blank=True, default="")

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["voted_at"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "reviewer"], name="one_vote_per_reviewer"),
            models.CheckConstraint(condition=Q(vote__in=[vote.value for vote in Vote]), name="vote_known"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} on {self.submission_id}"


class FileVoteQuerySet(models.QuerySet["FileVote"]):
    """Votes on files, as blind as the reviews they make up."""

    def readable_by(self, person: str) -> FileVoteQuerySet:
        """Keep the reader's own votes; another's once all are in, to other readers once it is decided."""
        finished = Review.objects.filter(
            submission=OuterRef("file__submission"), reviewer=OuterRef("reviewer")
        )
        told = Q(Exists(finished)) & Q(file__submission__in=_told(person))
        return self.filter(Q(reviewer_id=person) | told)


class FileVote(models.Model):
    """What one reviewer wishes for one file, on the very bytes that would leave."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="votes")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="file_votes"
    )
    vote = models.CharField(max_length=7, choices=choices(Vote))
    comment = models.TextField(blank=True, default="")
    # Read by checkers only, never by the author.
    note = models.TextField(blank=True, default="")
    # The copy that was judged: a vote speaks of no other bytes.
    canonical_sha256 = models.CharField(max_length=64, validators=[sha256_only])
    voted_at = models.DateTimeField(default=timezone.now)
    # The same reviewer's vote on the same bytes in the submission that this one replaces.
    carried_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="carried_to"
    )
    row_version = models.PositiveIntegerField(default=1)

    objects = FileVoteQuerySet.as_manager()

    class Meta:
        ordering = ["voted_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["file", "reviewer"], name="one_file_vote_per_reviewer"),
            models.CheckConstraint(
                condition=Q(vote__in=[vote.value for vote in Vote]), name="file_vote_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} on {self.file_id}"


class Conflict(models.Model):
    """A checker's own word that they can't judge a project's results, and why."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conflicts")
    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="conflicts")
    reason = models.CharField(max_length=500)
    declared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["declared_at"]
        constraints = [
            models.UniqueConstraint(fields=["person", "project"], name="conflict_declared_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="conflict_explained"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} with {self.project_id}"


def tied(person: Person, *, project: str = "project") -> Q:
    """Return the condition that a person ever had a part in a row's project, or declared a conflict."""
    inside = Membership.objects.filter(person=person).values("project")
    declared = Conflict.objects.filter(person=person).values("project")
    return Q(**{f"{project}__in": inside}) | Q(**{f"{project}__in": declared})


class Assignment(models.Model):
    """A checker's word that they look at a submission: a hint to the others, not a lock."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="assignments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["taken_at"]
        constraints = [models.UniqueConstraint(fields=["submission", "person"], name="assignment_taken_once")]

    def __str__(self) -> str:
        return f"{self.person_id} looks at {self.submission_id}"


def _told(person: str) -> models.QuerySet[Any]:
    """Return the submissions of which a person may know every vote: complete, and theirs or decided."""
    # A number that was raised since hides nothing that was decided under the smaller one.
    decided = Q(submission__state__in=[state.value for state in DECIDED], votes__gte=FEWEST_APPROVALS)
    needed = tiers.at_least(F("submission__project__approvals_needed"), tier="submission__tier")
    complete = (
        Review.objects.standing()
        .values("submission")
        .annotate(votes=Count("reviewer", distinct=True))
        .filter(Q(votes__gte=needed) | decided)
        .values("submission")
    )
    theirs = Review.objects.standing().filter(reviewer_id=person).values("submission")
    known = Q(state__in=[state.value for state in DECIDED]) | Q(pk__in=theirs)
    return Submission.objects.filter(known, pk__in=complete).values("pk")


class Release(models.Model):
    """A submission that left, with the receipt that says what, and who decided."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="release")
    released_at = models.DateTimeField(default=timezone.now)
    receipt = models.JSONField()

    class Meta:
        ordering = ["-released_at"]

    def __str__(self) -> str:
        return self.id
