"""Feedback on datasets and decisions: data and querysets."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from egress_review import reviewers
from egress_review.models import Submission, tied
from hub import ids
from hub.datasets.models import Dataset
from hub.people.models import Person


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    """Feedback by whom it waits for."""

    def waiting(self) -> FeedbackQuerySet:
        """Keep what has no answer, the longest waiting first."""
        return self.filter(answered_at=None).order_by("given_at")

    def on_decisions_for(self, person: Person) -> FeedbackQuerySet:
        """Keep feedback on decisions of projects that a checker may review and has no tie to."""
        theirs = tied(person, project="submission__project") | Q(author=person) | Q(submission__author=person)
        others = reviewers.left_to_others(person).values("project")
        return self.filter(dataset=None).exclude(theirs | Q(submission__project__in=others))

    def with_people(self) -> FeedbackQuerySet:
        """Read subject, author and who answered along."""
        return self.select_related("dataset__steward", "submission__project", "author", "answered_by")


class Feedback(models.Model):
    """What somebody says is wrong with a dataset or a decision, and what was answered."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    dataset = models.ForeignKey(
        Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="feedback"
    )
    submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.PROTECT, related_name="feedback"
    )
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    given_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    row_version = models.PositiveIntegerField(default=0)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dataset=None, submission__isnull=False)
                | Q(dataset__isnull=False, submission=None),
                name="feedback_has_one_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"feedback on {self.subject}"

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return f"“{self.dataset.title}”" if self.dataset else f"the decision on “{self.submission.title}”"  # type: ignore[union-attr]  # the constraint: one of the two is there
