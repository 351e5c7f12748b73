"""Agreements, signatures, approvals and access requests: data and querysets."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from django.db import models
from django.db.models import Q

from hub import ids
from hub.datasets.models import Dataset, DatasetVersion
from hub.people.models import Person, choices
from hub.projects.models import Project


class Agreement(models.Model):
    """What a project's people promise before they use a dataset."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="agreements")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="agreements")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True, default="")
    text_sha256 = models.CharField(max_length=64)
    until = models.DateField()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class AgreementSignature(models.Model):
    """A person's signature under an agreement."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signatures")
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-signed_at"]
        constraints = [models.UniqueConstraint(fields=["agreement", "person"], name="one_signature_each")]

    def __str__(self) -> str:
        return f"{self.person} under {self.agreement}"


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Approvals by time and place."""

    def current(self, day: date) -> ApprovalQuerySet:
        """Keep approvals that hold on a day."""
        return self.filter(revoked_at=None, until__gte=day)

    def ended(self, day: date) -> ApprovalQuerySet:
        """Keep approvals that were revoked or have run out."""
        return self.filter(Q(revoked_at__isnull=False) | Q(until__lt=day))


class Approval(models.Model):
    """A project may use a dataset version, for a purpose, until a date."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="approvals")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="approvals")
    purpose = models.CharField(max_length=60)
    until = models.DateField()
    conditions = models.TextField(blank=True, default="")
    approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    revoked_reason = models.TextField(blank=True, default="")
    row_version = models.PositiveIntegerField(default=0)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["project__title", "version__dataset__title"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], condition=Q(revoked_at=None), name="one_standing_approval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} for {self.project}"


class RequestState(StrEnum):
    """Where a request is; every state but the first is an end."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    """Requests by state."""

    def open(self) -> AccessRequestQuerySet:
        """Keep requests that nobody answered yet."""
        return self.filter(state=RequestState.ASKED.value)

    def with_names(self) -> AccessRequestQuerySet:
        """Read along what a page shows."""
        return self.select_related("project", "version__dataset__steward", "asked_by", "answered_by")


class AccessRequest(models.Model):
    """A project's lead asks for a dataset version, for the project's purpose, until a date."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="requests")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="requests")
    purpose = models.CharField(max_length=60)
    until = models.DateField()
    reason = models.TextField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=20, choices=choices(RequestState), default=RequestState.ASKED.value)
    answered_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")
    approval = models.ForeignKey(
        Approval, null=True, blank=True, on_delete=models.PROTECT, related_name="requests"
    )
    row_version = models.PositiveIntegerField(default=0)

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"],
                condition=Q(state=RequestState.ASKED.value),
                name="one_open_request",
            ),
        ]

    def __str__(self) -> str:
        return f"request for {self.version} in {self.project}"
