"""Projects and memberships: data and querysets."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from django.db import models
from django.db.models import Q

from hub import ids, images
from hub.people.models import Person, choices

GIB = 1024**3
# At 12 kbit/s an hour of speech is 5.4 MB: the default lets about an hour and a half of it through.
DEFAULT_BUDGET_BYTES = 8_000_000
FEWEST_APPROVALS = 2


class ProjectState(StrEnum):
    """Where a project is in its life."""

    PROPOSED = "proposed"
    OPEN = "open"
    CLOSED = "closed"


LEGAL_MOVES: dict[ProjectState, frozenset[ProjectState]] = {
    ProjectState.PROPOSED: frozenset({ProjectState.OPEN, ProjectState.CLOSED}),
    ProjectState.OPEN: frozenset({ProjectState.CLOSED}),
    ProjectState.CLOSED: frozenset(),
}


class MemberRole(StrEnum):
    """What somebody is in a project."""

    RESEARCHER = "researcher"
    PROJECT_LEAD = "project_lead"


class Project(models.Model):
    """A piece of research with one purpose, between two dates, under limits."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True, default="")
    purpose = models.CharField(max_length=60)
    state = models.CharField(
        max_length=20, choices=choices(ProjectState), default=ProjectState.PROPOSED.value
    )
    opens_on = models.DateField()
    closes_on = models.DateField()
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.TextField(blank=True, default="")
    is_demo = models.BooleanField(default=False)
    row_version = models.PositiveIntegerField(default=0)

    # The name of a built image; each start takes what was built last under it.
    image = models.CharField(max_length=61, default=images.DEFAULT)
    memory_bytes = models.BigIntegerField(default=2 * GIB)
    cpus = models.FloatField(default=1.0)
    gpus = models.PositiveSmallIntegerField(default=0)
    pids = models.PositiveIntegerField(default=256)
    home_bytes = models.BigIntegerField(default=2 * GIB)
    budget_bytes_per_day = models.BigIntegerField(default=DEFAULT_BUDGET_BYTES)
    idle_seconds = models.PositiveIntegerField(default=3600)
    session_seconds = models.PositiveIntegerField(default=8 * 3600)

    # How many output checkers have to approve what leaves; the policies take no smaller number either.
    approvals_needed = models.PositiveSmallIntegerField(default=FEWEST_APPROVALS)

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approvals_needed__gte=FEWEST_APPROVALS), name="approvals_by_two_or_more"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_suspended(self) -> bool:
        """Whether nobody may work in the project now."""
        return self.suspended_at is not None


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships by time and place."""

    def current(self, day: date) -> MembershipQuerySet:
        """Keep memberships that hold on a day."""
        return self.filter(ended_at=None).filter(Q(valid_until=None) | Q(valid_until__gte=day))


class Membership(models.Model):
    """A person's part in a project, until a date or until it is ended."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=choices(MemberRole), default=MemberRole.RESEARCHER.value)
    valid_until = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    row_version = models.PositiveIntegerField(default=0)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["person__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(ended_at=None), name="one_current_membership"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.project}"


class NamedChecker(models.Model):
    """An output checker named to review a project's outputs; where nobody is named, any from outside may."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="named_checkers")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="named_for")

    class Meta:
        ordering = ["person__name"]
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="checker_named_once")]

    def __str__(self) -> str:
        return f"{self.person} reviews {self.project}"


class Wish(StrEnum):
    """What a lead asks for: somebody joins the project, or a member leaves it."""

    JOIN = "join"
    LEAVE = "leave"


class WishState(StrEnum):
    """Where a request is; every state but the first is an end."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class MemberRequestQuerySet(models.QuerySet["MemberRequest"]):
    """Requests by state."""

    def open(self) -> MemberRequestQuerySet:
        """Keep requests that nobody answered yet, the oldest first."""
        return self.filter(state=WishState.ASKED.value).order_by("asked_at", "pk")

    def with_names(self) -> MemberRequestQuerySet:
        """Read along what a page shows."""
        return self.select_related("project", "asked_by", "answered_by")


class MemberRequest(models.Model):
    """A project's lead asks the admins that somebody joins or leaves; `email` says who.

    It may be the address of somebody who has no account yet: they are invited first.
    """

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="member_requests")
    wish = models.CharField(max_length=10, choices=choices(Wish))
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=20, choices=choices(MemberRole), default=MemberRole.RESEARCHER.value)
    reason = models.TextField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=20, choices=choices(WishState), default=WishState.ASKED.value)
    answered_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")
    row_version = models.PositiveIntegerField(default=0)

    objects = MemberRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "email", "wish"],
                condition=Q(state=WishState.ASKED.value),
                name="one_open_wish",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} {'joins' if self.wish == Wish.JOIN else 'leaves'} {self.project}"
