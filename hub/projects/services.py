"""What is done to projects: proposed, opened, closed, suspended; people join and leave."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Literal

from django.db import transaction

from hub import ids, rows
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import Actor, Permission
from hub.policy import questions
from hub.projects.facts import fresh
from hub.projects.models import LEGAL_MOVES, MemberRole, Membership, Project, ProjectState

Change = Literal["add", "edit", "open", "close", "suspend", "resume", "add_member", "end_member"]
# A project's short name becomes a workspace's, which the hub limits to 30 characters.
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}\Z")
LIMITS = frozenset(
    {
        "memory_bytes",
        "cpus",
        "pids",
        "home_bytes",
        "budget_bytes_per_day",
        "idle_seconds",
        "session_seconds",
    }
)


def propose(
    *,
    by: Actor,
    slug: str,
    title: str,
    purpose: str,
    opens_on: date,
    closes_on: date,
    summary: str = "",
    is_demo: bool = False,
    limits: dict[str, Any] | None = None,
) -> Project:
    """Propose a project; nobody can work in it before it is opened."""
    if not SLUG.match(slug):
        raise Invalid(f"“{slug}” can’t be a project’s short name; use up to 30 of a–z, 0–9 and hyphens.")
    if closes_on < opens_on:
        raise Invalid(f"The project would close on {closes_on}, before it opens on {opens_on}.")
    if unknown := set(limits or {}) - LIMITS:
        raise Invalid(f"A project has no limit called {', '.join(sorted(unknown))}.")
    project = Project(
        id=ids.new(),
        slug=slug,
        title=title,
        summary=summary,
        purpose=purpose,
        opens_on=opens_on,
        closes_on=closes_on,
        is_demo=is_demo,
        **(limits or {}),
    )
    allowed = _may(by, project=project, change="add")
    with transaction.atomic():
        allowed.use()
        if Project.objects.filter(slug=slug).exists():
            raise WrongState(f"There is already a project “{slug}”.")
        project.save(force_insert=True)
        said = {"what": "project", "slug": slug, "purpose": purpose, "state": project.state}
        said |= {"opens_on": opens_on.isoformat(), "closes_on": closes_on.isoformat()}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)
    return project


def open(*, by: Actor, project: Project) -> None:
    """Open a proposed project."""
    _move(by=by, project=project, to=ProjectState.OPEN, change="open")


def close(*, by: Actor, project: Project) -> None:
    """Close a project for good: its sessions end within one lease."""
    _move(by=by, project=project, to=ProjectState.CLOSED, change="close")


def suspend(*, by: Actor, project: Project, reason: str) -> None:
    """Suspend a project: its sessions end within one lease."""
    if not reason.strip():
        raise Invalid("Say why the project is suspended; its members will read it.")
    allowed = _may(by, project=project, change="suspend")
    project = fresh(project)
    if project.is_suspended:
        raise WrongState(f"{project.title} is already suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(project, suspended_at=datetime.now(UTC), suspended_reason=reason.strip())
        said = {"what": "project", "reason": reason}
        entries.append(Kind.SUSPENDED, by=by.id, subject=project.id, facts=said)


def resume(*, by: Actor, project: Project) -> None:
    """End a project's suspension."""
    allowed = _may(by, project=project, change="resume")
    project = fresh(project)
    if not project.is_suspended:
        raise WrongState(f"{project.title} is not suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(project, suspended_at=None, suspended_reason="")
        entries.append(Kind.RESUMED, by=by.id, subject=project.id, facts={"what": "project"})


def add_member(
    *,
    by: Actor,
    project: Project,
    person: Person,
    role: MemberRole = MemberRole.RESEARCHER,
    valid_until: date | None = None,
) -> Membership:
    """Make a person a member of a project."""
    allowed = _may(by, project=project, change="add_member", members=(person.id,))
    project = fresh(project)
    with transaction.atomic():
        allowed.use()
        rows.claim(project)
        if Membership.objects.filter(project=project, person=person, ended_at=None).exists():
            raise WrongState(f"{person.name} is already a member of {project.title}.")
        membership = Membership.objects.create(
            project=project, person=person, role=role.value, valid_until=valid_until
        )
        until = valid_until.isoformat() if valid_until else "no end"
        said = {"project": project.id, "role": role.value, "valid_until": until, "member": True}
        entries.append(Kind.MEMBERSHIP_CHANGED, by=by.id, subject=person.id, facts=said)
    return membership


def end_membership(*, by: Actor, membership: Membership) -> None:
    """End a membership: the person's session in the project ends within one lease."""
    members = (membership.person_id,)
    allowed = _may(by, project=membership.project, change="end_member", members=members)
    membership = Membership.objects.select_related("project", "person").get(pk=membership.pk)
    if membership.ended_at is not None:
        raise WrongState(f"{membership.person.name} is no longer a member of {membership.project.title}.")
    with transaction.atomic():
        allowed.use()
        rows.claim(membership, ended_at=datetime.now(UTC))
        # Whoever asked about the project meanwhile has to ask again.
        rows.claim(membership.project)
        said = {"project": membership.project_id, "member": False}
        entries.append(Kind.MEMBERSHIP_CHANGED, by=by.id, subject=membership.person_id, facts=said)


def _move(*, by: Actor, project: Project, to: ProjectState, change: Change) -> None:
    allowed = _may(by, project=project, change=change)
    project = fresh(project)
    if to not in LEGAL_MOVES[ProjectState(project.state)]:
        raise WrongState(f"Project {project.title} is {project.state}; it can’t become {to}.")
    with transaction.atomic():
        allowed.use()
        rows.claim(project, state=to.value)
        said = {"what": "project", "state": to.value}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)


def _may(by: Actor, *, project: Project, change: Change, members: tuple[str, ...] = ()) -> Permission:
    return permission.to(
        by,
        subject=project.id,
        ask=lambda asking, at: questions.ManageProject(
            person=asking, at=at, subject=project.id, change=change, members=members
        ),
    )
