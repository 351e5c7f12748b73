"""Datasets and their versions: data and querysets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

from django.core.validators import MaxValueValidator
from django.db import models

from hub import ids
from hub.people.models import Institution, Person, choices


class VersionState(StrEnum):
    """Whether a version may still be newly approved."""

    REGISTERED = "registered"
    DEPRECATED = "deprecated"


class Dataset(models.Model):
    """A collection of recordings with one steward, licence and tier."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="datasets")
    steward = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="stewarded")
    tier = models.PositiveSmallIntegerField(validators=[MaxValueValidator(4)])
    licence = models.CharField(max_length=200)
    attribution = models.TextField()
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.TextField(blank=True, default="")
    row_version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_suspended(self) -> bool:
        """Whether nobody may use the dataset now."""
        return self.suspended_at is not None


class DatasetVersion(models.Model):
    """One frozen state of a dataset: its folder, its manifest's hash and what is in it."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=40)
    folder = models.CharField(max_length=120, unique=True)
    manifest_sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=20, choices=choices(VersionState), default=VersionState.REGISTERED.value
    )
    recordings = models.PositiveIntegerField()
    speakers = models.PositiveIntegerField()
    seconds = models.FloatField()
    languages = models.JSONField(default=list)
    registered_at = models.DateTimeField(auto_now_add=True)
    registered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["dataset__title", "-registered_at"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "version"], name="one_version_of_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.title}, version {self.version}"

    @property
    def path(self) -> str:
        """Where a session finds the version."""
        return str(PurePosixPath("/data") / self.folder)

    @property
    def hours(self) -> float:
        """How many hours of speech the version holds."""
        return self.seconds / 3600
