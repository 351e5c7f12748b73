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
from hub.projects import limits as limits_of
from hub.projects import member_requests
from hub.projects.facts import fresh
from hub.projects.models import LEGAL_MOVES, MemberRole, Membership, Project, ProjectState, Wish

Change = Literal["add", "edit", "open", "close", "suspend", "resume", "add_member", "end_member"]
# A project's short name becomes a workspace's, which the hub limits to 30 characters.
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}\Z")


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
    _check(title=title, purpose=purpose, opens_on=opens_on, closes_on=closes_on)
    limits_of.check(limits or {})
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
    allowed = may(by=by, project=project, change="add")
    with transaction.atomic():
        allowed.use()
        if Project.objects.filter(slug=slug).exists():
            raise WrongState(f"There is already a project “{slug}”.")
        project.save(force_insert=True)
        said = {"what": "project", "slug": slug, "purpose": purpose, "state": project.state}
        said |= {"opens_on": opens_on.isoformat(), "closes_on": closes_on.isoformat()}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)
    return project


def edit(
    *,
    by: Actor,
    project: Project,
    title: str,
    purpose: str,
    opens_on: date,
    closes_on: date,
    summary: str = "",
    seen: int | None = None,
) -> None:
    """Change what a project is about and how long it lasts; approvals for another purpose stop counting."""
    _check(title=title, purpose=purpose, opens_on=opens_on, closes_on=closes_on)
    allowed = may(by=by, project=project, change="edit")
    project = fresh(project)
    rows.expect(project, seen)
    if project.state == ProjectState.CLOSED:
        raise WrongState(f"Project {project.title} is closed; it can’t be changed any more.")
    wanted = {
        "title": title,
        "purpose": purpose,
        "opens_on": opens_on,
        "closes_on": closes_on,
        "summary": summary,
    }
    changed = {name: value for name, value in wanted.items() if getattr(project, name) != value}
    if not changed:
        return
    with transaction.atomic():
        allowed.use()
        rows.claim(project, **changed)
        said = {"what": "project", **{name: str(value) for name, value in changed.items()}}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)


def set_limits(*, by: Actor, project: Project, values: dict[str, Any], seen: int | None = None) -> None:
    """Change what sessions of a project have; those that run keep what their grant gave them."""
    limits_of.check({name: value for name, value in values.items() if name != "image"})
    allowed = may(by=by, project=project, change="edit")
    project = fresh(project)
    rows.expect(project, seen)
    if project.state == ProjectState.CLOSED:
        raise WrongState(f"Project {project.title} is closed; no session will start in it again.")
    changed = {name: value for name, value in values.items() if getattr(project, name) != value}
    limits_of.check_times({**{name: getattr(project, name) for name in limits_of.LIMITS}, **changed})
    # The image it has may have gone since; only a new choice has to be one of those that are built.
    limits_of.check(changed)
    if not changed:
        return
    with transaction.atomic():
        allowed.use()
        rows.claim(project, **changed)
        said = {"what": "project limits", **{name: str(value) for name, value in changed.items()}}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)


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
    allowed = may(by=by, project=project, change="suspend")
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
    allowed = may(by=by, project=project, change="resume")
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
    allowed = may(by=by, project=project, change="add_member", members=(person.id,))
    project = fresh(project)
    if project.state == ProjectState.CLOSED:
        raise WrongState(f"Project {project.title} is closed; nobody joins it any more.")
    with transaction.atomic():
        allowed.use()
        rows.claim(project)
        if Membership.objects.filter(project=project, person=person, ended_at=None).exists():
            raise WrongState(f"{person.name} is already a member of {project.title}.")
        membership = Membership.objects.create(
            project=project, person=person, role=role.value, valid_until=valid_until
        )
        until = valid_until.isoformat() if valid_until else "no end"
        member_requests.fulfilled(by=by, project=project, person=person, wish=Wish.JOIN)
        said = {"project": project.id, "role": role.value, "valid_until": until, "member": True}
        entries.append(Kind.MEMBERSHIP_CHANGED, by=by.id, subject=person.id, facts=said)
    return membership


def end_membership(*, by: Actor, membership: Membership) -> None:
    """End a membership: the person's session in the project ends within one lease."""
    members = (membership.person_id,)
    allowed = may(by=by, project=membership.project, change="end_member", members=members)
    membership = Membership.objects.select_related("project", "person").get(pk=membership.pk)
    if membership.ended_at is not None:
        raise WrongState(f"{membership.person.name} is no longer a member of {membership.project.title}.")
    with transaction.atomic():
        allowed.use()
        rows.claim(membership, ended_at=datetime.now(UTC))
        # Whoever asked about the project meanwhile has to ask again.
        rows.claim(membership.project)
        member_requests.fulfilled(
            by=by, project=membership.project, person=membership.person, wish=Wish.LEAVE
        )
        said = {"project": membership.project_id, "member": False}
        entries.append(Kind.MEMBERSHIP_CHANGED, by=by.id, subject=membership.person_id, facts=said)


def change_membership(
    *,
    by: Actor,
    membership: Membership,
    role: MemberRole,
    valid_until: date | None,
    seen: int | None = None,
) -> None:
    """Give a member another role in the project, or another last day."""
    members = (membership.person_id,)
    allowed = may(by=by, project=membership.project, change="edit", members=members)
    membership = Membership.objects.select_related("project", "person").get(pk=membership.pk)
    rows.expect(membership, seen)
    if membership.ended_at is not None:
        raise WrongState(f"{membership.person.name} is no longer a member of {membership.project.title}.")
    with transaction.atomic():
        allowed.use()
        rows.claim(membership, role=role.value, valid_until=valid_until)
        rows.claim(membership.project)
        until = valid_until.isoformat() if valid_until else "no end"
        said = {"project": membership.project_id, "role": role.value, "valid_until": until, "member": True}
        entries.append(Kind.MEMBERSHIP_CHANGED, by=by.id, subject=membership.person_id, facts=said)


def _check(*, title: str, purpose: str, opens_on: date, closes_on: date) -> None:
    if not title.strip() or not purpose.strip():
        raise Invalid("A project needs a title and a purpose.")
    if closes_on < opens_on:
        raise Invalid(f"The project would close on {closes_on}, before it opens on {opens_on}.")


def _move(*, by: Actor, project: Project, to: ProjectState, change: Change) -> None:
    allowed = may(by=by, project=project, change=change)
    project = fresh(project)
    if to not in LEGAL_MOVES[ProjectState(project.state)]:
        raise WrongState(f"Project {project.title} is {project.state}; it can’t become {to}.")
    with transaction.atomic():
        allowed.use()
        rows.claim(project, state=to.value)
        said = {"what": "project", "state": to.value}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)


def may(*, by: Actor, project: Project, change: Change, members: tuple[str, ...] = ()) -> Permission:
    """Return the permission to change a project or who is in it."""
    return permission.to(
        by,
        subject=project.id,
        ask=lambda asking, at: questions.ManageProject(
            person=asking, at=at, subject=project.id, change=change, members=members
        ),
    )
