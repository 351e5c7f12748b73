"""Datasets and their versions: data and querysets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

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
    # Of the list of every file's hash; empty where the files were there before the enclave copied any.
    content_sha256 = models.CharField(max_length=64, blank=True, default="")
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


class IntakeState(StrEnum):
    """Where a folder is on its way to become a version."""

    EXAMINING = "examining"
    BLOCKED = "blocked"
    READY = "ready"
    COPYING = "copying"
    REGISTERED = "registered"
    FAILED = "failed"
    DROPPED = "dropped"


_AGAIN = frozenset({IntakeState.EXAMINING, IntakeState.DROPPED})
LEGAL_MOVES: dict[IntakeState, frozenset[IntakeState]] = {
    IntakeState.EXAMINING: frozenset(
        {IntakeState.BLOCKED, IntakeState.READY, IntakeState.FAILED, IntakeState.DROPPED}
    ),
    IntakeState.BLOCKED: _AGAIN,
    IntakeState.READY: _AGAIN | {IntakeState.COPYING},
    IntakeState.COPYING: frozenset({IntakeState.REGISTERED, IntakeState.FAILED}),
    IntakeState.FAILED: _AGAIN,
    IntakeState.REGISTERED: frozenset(),
    IntakeState.DROPPED: frozenset(),
}
# What the worker has to do something about.
WORKED_ON = (IntakeState.EXAMINING.value, IntakeState.COPYING.value)
OVER = (IntakeState.REGISTERED.value, IntakeState.DROPPED.value)


class IntakeQuerySet(models.QuerySet["Intake"]):
    """Intakes by what is due."""

    def under_way(self) -> IntakeQuerySet:
        """Keep intakes that may still become a version."""
        return self.exclude(state__in=OVER)

    def due(self, at: datetime) -> IntakeQuerySet:
        """Keep what the worker has to do and no living worker does, the longest waiting first."""
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
        return self.filter(free, state__in=WORKED_ON).order_by("requested_at")


class Intake(models.Model):
    """A folder on the intake disk that its steward wants to register as a version."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="intakes")
    version = models.CharField(max_length=40)
    folder = models.CharField(max_length=100)
    state = models.CharField(max_length=12, choices=choices(IntakeState), default=IntakeState.EXAMINING.value)
    # How many recordings are looked at or copied, of how many.
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True, default="")
    findings = models.JSONField(default=list)
    more = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    # Packed JSON: each file's hash as it was examined, and each recording's row.
    content = models.BinaryField(default=bytes)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    examined_at = models.DateTimeField(null=True, blank=True)
    registered = models.OneToOneField(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="intake"
    )
    # Who works on it and until when that holds: a worker that stops loses its claim by time alone.
    claimed_by = models.CharField(max_length=80, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    row_version = models.PositiveIntegerField(default=0)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "version"], condition=~Q(state__in=OVER), name="one_intake_of_a_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.folder} as version {self.version}"

    @property
    def is_worked_on(self) -> bool:
        """Whether the worker has to do something about it."""
        return self.state in WORKED_ON


class VersionFacts(models.Model):
    """What the recordings of a version are like, measured once, for a version never changes."""

    version = models.OneToOneField(DatasetVersion, on_delete=models.PROTECT, related_name="measured")
    facts = models.JSONField(default=dict)
    # Packed JSON: id, speakers, hash, seconds and level of each recording.
    recordings = models.BinaryField(default=bytes)
    problem = models.TextField(blank=True, default="")
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-measured_at"]

    def __str__(self) -> str:
        return f"what {self.version} is like"


class Datasheet(models.Model):
    """What a steward says about a dataset; a change is a new row, so that each earlier one can be read."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="datasheets")
    number = models.PositiveIntegerField()
    answers = models.JSONField(default=dict)
    written_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_datasheet_of_a_number"),
        ]

    def __str__(self) -> str:
        return f"datasheet {self.number} of {self.dataset}"
