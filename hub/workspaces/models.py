"""Workspaces, their sessions and the bytes they sent: data and querysets."""

from __future__ import annotations

from enum import StrEnum

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from hub import ids
from hub.people.models import Person, choices
from hub.projects.models import Project

FIRST_UID = 200_001


class SessionState(StrEnum):
    """Where a session is in its life."""

    REQUESTED = "requested"
    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"


LEGAL_MOVES: dict[SessionState, frozenset[SessionState]] = {
    SessionState.REQUESTED: frozenset({SessionState.STARTING, SessionState.ENDED, SessionState.FAILED}),
    SessionState.STARTING: frozenset({SessionState.RUNNING, SessionState.ENDED, SessionState.FAILED}),
    SessionState.RUNNING: frozenset({SessionState.ENDED}),
    SessionState.ENDED: frozenset(),
    SessionState.FAILED: frozenset(),
}
LIVE_STATES = (SessionState.REQUESTED.value, SessionState.STARTING.value, SessionState.RUNNING.value)


class Workspace(models.Model):
    """A person's place in a project: a home that outlives its sessions."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="workspaces")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="workspaces")
    slug = models.CharField(max_length=30, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]{0,29}\Z")])
    uid = models.PositiveIntegerField(unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["project__title"]
        constraints = [
            models.UniqueConstraint(fields=["person", "slug"], name="one_slug_a_person"),
            models.UniqueConstraint(fields=["person", "project"], name="one_workspace_a_project"),
            models.CheckConstraint(condition=Q(uid__gte=FIRST_UID), name="uid_is_a_session_uid"),
        ]

    def __str__(self) -> str:
        return f"{self.person}'s workspace in {self.project}"


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions by state."""

    def live(self) -> SessionQuerySet:
        """Keep sessions that are asked for, starting or running."""
        return self.filter(state__in=LIVE_STATES)

    def with_people(self) -> SessionQuerySet:
        """Read workspace, project and person along."""
        return self.select_related("workspace__project", "workspace__person__institution")


class Session(models.Model):
    """One run of a workspace's container."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="sessions")
    state = models.CharField(
        max_length=20, choices=choices(SessionState), default=SessionState.REQUESTED.value
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True, default="")
    decision_id = models.CharField(max_length=26, blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    lease_renewed_at = models.DateTimeField(null=True, blank=True)
    active_at = models.DateTimeField(null=True, blank=True)
    image = models.CharField(max_length=200, blank=True, default="")
    # The ids of the dataset versions that the grant mounts: what each lease is asked about.
    versions = models.JSONField(default=list)
    # Set when hub and engine both said that nothing of an ended session is left.
    cleared_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(state__in=LIVE_STATES), name="one_live_session"
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.id}"


class ByteUse(models.Model):
    """How many bytes a workspace's sessions sent to a browser on one day."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="byte_uses")
    day = models.DateField()
    sent_bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["workspace", "day"], name="one_count_a_day")]

    def __str__(self) -> str:
        return f"{self.sent_bytes} bytes on {self.day}"
