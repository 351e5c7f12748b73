"""What is brought in: data, states, querysets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from django.db import models
from django.db.models import Q
from django.utils import timezone

from egress_review.models import sha256_only, tied
from hub import ids
from hub.people.models import Person, Role, choices
from hub.projects.models import Membership, Project


class BringInState(StrEnum):
    """Where text is on its way in."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


LEGAL_MOVES: Mapping[BringInState, frozenset[BringInState]] = MappingProxyType(
    {
        BringInState.WAITING: frozenset(
            {BringInState.APPROVED, BringInState.REJECTED, BringInState.WITHDRAWN}
        ),
        # What proves wrong later goes out of the sessions again.
        BringInState.APPROVED: frozenset({BringInState.WITHDRAWN}),
        BringInState.REJECTED: frozenset(),
        BringInState.WITHDRAWN: frozenset(),
    }
)
GONE = frozenset(state for state, moves in LEGAL_MOVES.items() if not moves)


class BringInQuerySet(models.QuerySet["BringIn"]):
    """Bring-ins by who may look at them and by what is due."""

    def with_people(self) -> BringInQuerySet:
        """Read project and people along."""
        return self.select_related("project", "author", "decided_by")

    def of(self, person: Person, today: date) -> BringInQuerySet:
        """Keep those of the projects that a person is in today."""
        held = Membership.objects.current(today).filter(person=person)
        return self.filter(project__in=held.values("project"))

    def awaiting(self, person: Person, today: date) -> BringInQuerySet:
        """Keep what waits for a checker without a tie to it, the longest waiting first."""
        if Role.OUTPUT_CHECKER not in person.roles_on(today):
            return self.none()
        waiting = self.filter(state=BringInState.WAITING.value)
        return waiting.exclude(tied(person) | Q(author=person)).order_by("brought_at", "id")


class BringIn(models.Model):
    """Text files that somebody wants in the sessions of a project, and what a checker said."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="bring_ins")
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="bring_ins")
    title = models.CharField(max_length=200)
    why = models.TextField()
    # The folder below /bring-ins in which a session finds it.
    folder = models.SlugField(max_length=60)
    findings = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=9, choices=choices(BringInState), default=BringInState.WAITING.value)
    brought_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    comment = models.TextField(blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    row_version = models.PositiveIntegerField(default=1)

    objects = BringInQuerySet.as_manager()

    class Meta:
        ordering = ["-brought_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "folder"], name="bring_in_folder_once_per_project"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in BringInState]), name="bring_in_state_known"
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(why=""), name="bring_in_explained"),
            # Nothing is approved without somebody who answers for it.
            models.CheckConstraint(
                condition=~Q(state=BringInState.APPROVED.value) | Q(decided_by__isnull=False),
                name="bring_in_approved_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["state", "brought_at"])]

    def __str__(self) -> str:
        return self.title


class BringInFile(models.Model):
    """One text file, frozen as it arrived."""

    bring_in = models.ForeignKey(BringIn, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, validators=[sha256_only])
    size_bytes = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()

    class Meta:
        ordering = ["bring_in", "position"]
        constraints = [
            models.UniqueConstraint(fields=["bring_in", "name"], name="file_name_once_per_bring_in"),
            models.UniqueConstraint(fields=["bring_in", "position"], name="file_place_once_per_bring_in"),
        ]

    def __str__(self) -> str:
        return self.name
