"""People, institutions, roles and training: data and querysets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from hub import ids


class Role(StrEnum):
    """What a person may be; being one never opens data by itself."""

    RESEARCHER = "researcher"
    PROJECT_LEAD = "project_lead"
    DATA_STEWARD = "data_steward"
    KEY_CUSTODIAN = "key_custodian"
    OUTPUT_CHECKER = "output_checker"
    COMMITTEE_MEMBER = "committee_member"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """The role in words."""
        return self.value.replace("_", " ")


def choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """Return an enum's values as Django wants its choices."""
    return [(member.value, member.value.replace("_", " ")) for member in enum]


class Institution(models.Model):
    """An organisation that shares data or sends researchers."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Finds people; they are made by `people.services.add` only."""

    def with_roles(self) -> models.QuerySet[Person]:
        """Return people with roles, training and institution read in as few queries as possible."""
        return self.select_related("institution").prefetch_related("role_assignments", "trainings")

    def holding(self, role: Role, day: date) -> models.QuerySet[Person]:
        """Return who holds a role on a day, with an open account that is not suspended."""
        held = RoleAssignment.objects.current(day).filter(role=role.value)
        return self.filter(pk__in=held.values("person"), is_active=True, suspended_at=None)


class Person(AbstractBaseUser):
    """Somebody who may sign in; their id is their name everywhere else."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="people")
    is_active = models.BooleanField(default=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.TextField(blank=True, default="")
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    row_version = models.PositiveIntegerField(default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = PersonManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """Return the person's name, as allauth asks for it."""
        return self.name

    @property
    def is_suspended(self) -> bool:
        """Whether the person is suspended now."""
        return self.suspended_at is not None

    def roles_on(self, day: date) -> frozenset[Role]:
        """Return the roles that hold on a day."""
        return frozenset(
            Role(assignment.role) for assignment in self.role_assignments.all() if assignment.holds_on(day)
        )


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    """Roles by time."""

    def current(self, day: date) -> RoleAssignmentQuerySet:
        """Keep what holds on a day, as `holds_on` says of one."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day))


class RoleAssignment(models.Model):
    """A role that a person holds, for ever or until a date."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=30, choices=choices(Role))
    valid_until = models.DateField(null=True, blank=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["role"]
        constraints = [models.UniqueConstraint(fields=["person", "role"], name="one_assignment_a_role")]

    def __str__(self) -> str:
        return f"{self.person} as {Role(self.role).label}"

    def holds_on(self, day: date) -> bool:
        """Whether the role holds on a day; its last day counts."""
        return self.valid_until is None or self.valid_until >= day


class Training(models.Model):
    """A course that a person completed, and until when it counts."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="trainings")
    course = models.CharField(max_length=100)
    completed_on = models.DateField()
    valid_until = models.DateField()

    class Meta:
        ordering = ["-valid_until"]

    def __str__(self) -> str:
        return f"{self.course} of {self.person}, valid until {self.valid_until}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the training; it may not end before it was completed."""
        if self.valid_until < self.completed_on:
            raise ValueError(f"training ends on {self.valid_until}, before it was completed")
        super().save(*args, **kwargs)


class InvitationState(StrEnum):
    """Whether a link may still be used."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Invitation(models.Model):
    """A link that was mailed to a person, to set the password they sign in with; kept as its hash only."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")
    token_sha256 = models.CharField(max_length=64, unique=True)
    # Empty when it was sent from the machine's command line.
    sent_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return f"invitation of {self.person}"

    @property
    def state(self) -> InvitationState:
        """Whether the link may be used now, and if not, why."""
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        over = self.expires_at <= datetime.now(UTC)
        return InvitationState.EXPIRED if over else InvitationState.WAITING
