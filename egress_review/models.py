"""What is handed in, found, voted and released: data and querysets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from egress_review.states import DUE_FOR_SCREENING, FIRST, State
from hub import ids
from hub.people.models import choices

REVIEWERS_NEEDED = 2

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
    title = models.CharField(max_length=200)
    context = models.TextField()
    controls = models.TextField()
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
                condition=~Q(title="") & ~Q(context="") & ~Q(controls=""), name="submission_explained"
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def bytes_in_all(self) -> int:
        """The size of all files as they were handed in."""
        return sum(file.size_bytes for file in self.files.all())


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

    def readable_by(self, person: str) -> ReviewQuerySet:
        """Keep the reader's own votes, and all votes of submissions whose votes are complete."""
        complete = (
            Review.objects.values("submission")
            .annotate(votes=Count("reviewer", distinct=True))
            .filter(votes__gte=REVIEWERS_NEEDED)
            .values("submission")
        )
        return self.filter(Q(reviewer_id=person) | Q(submission__in=complete))


class Review(models.Model):
    """One reviewer's vote and the reason for it."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    vote = models.CharField(max_length=7, choices=choices(Vote))
    comment = models.TextField(blank=True, default="")
    voted_at = models.DateTimeField(default=timezone.now)
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
