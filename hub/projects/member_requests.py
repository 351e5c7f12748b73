"""A project's lead asks that somebody joins or leaves; an admin does it, or says why not."""

from __future__ import annotations

from typing import Literal

from django.db import transaction

from hub import rows
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import Actor, Permission
from hub.policy import questions
from hub.projects import facts
from hub.projects.models import MemberRequest, MemberRole, Membership, Project, Wish, WishState


def ask(
    *,
    by: Person,
    project: Project,
    wish: Wish,
    email: str,
    reason: str,
    role: MemberRole = MemberRole.RESEARCHER,
) -> MemberRequest:
    """Ask the admins that somebody joins the project in a role, or that a member leaves it."""
    email = email.strip().lower()
    if not email or not reason.strip():
        raise Invalid("Say who is meant, and why; an admin decides by it.")
    project = facts.fresh(project)
    allowed = _may(by, change="ask", project=project)
    with transaction.atomic():
        allowed.use()
        rows.recheck(project)
        _require_sense(project, wish, email)
        made = MemberRequest.objects.create(
            project=project, wish=wish.value, email=email, role=role.value, reason=reason.strip(), asked_by=by
        )
        said = {"request": made.id, "wish": wish.value, "email": email, "role": role.value, "reason": reason}
        entries.append(Kind.MEMBER_ASKED, by=by.id, subject=project.id, facts=said)
    return made


def withdraw(*, by: Person, request: MemberRequest) -> None:
    """Take a request back before it is answered."""
    request = fresh(request)
    allowed = _may(by, change="withdraw", project=request.project)
    with transaction.atomic():
        allowed.use()
        _answer(request, WishState.WITHDRAWN, by=by)


def refuse(*, by: Actor, request: MemberRequest, reason: str) -> None:
    """Refuse a request with a reason that the project's leads read."""
    if not reason.strip():
        raise Invalid("Say why not; who asked will read it.")
    request = fresh(request)
    allowed = may_refuse(by=by, request=request)
    with transaction.atomic():
        allowed.use()
        _answer(request, WishState.REFUSED, by=by, reason=reason.strip())


def fulfilled(*, by: Actor, project: Project, person: Person, wish: Wish) -> None:
    """Answer the open request that a change of the members fulfils, inside the change's transaction."""
    found = MemberRequest.objects.open().filter(project=project, wish=wish.value, email=person.email.lower())
    for request in found.select_related("project"):
        _answer(request, WishState.DONE, by=by)


def may_refuse(*, by: Actor, request: MemberRequest) -> Permission:
    """Return the permission to answer a request: who changes the project's members has it."""
    return permission.to(
        by,
        subject=request.project_id,
        ask=lambda person, at: questions.ManageProject(
            person=person, at=at, subject=request.project_id, change="edit"
        ),
    )


def meant(request: MemberRequest) -> Person | None:
    """Return whom a request means, if they have an account."""
    return Person.objects.with_roles().filter(email__iexact=request.email).first()


def fresh(request: MemberRequest) -> MemberRequest:
    """Return the request as the database has it now."""
    return MemberRequest.objects.with_names().get(pk=request.pk)


def _require_sense(project: Project, wish: Wish, email: str) -> None:
    held = Membership.objects.filter(project=project, person__email__iexact=email, ended_at=None)
    if wish is Wish.JOIN and held.exists():
        raise WrongState(f"{email} is already a member of {project.title}.")
    if wish is Wish.LEAVE and not held.exists():
        raise WrongState(f"{email} is no member of {project.title}.")
    if MemberRequest.objects.open().filter(project=project, email=email, wish=wish.value).exists():
        raise WrongState("This is already asked for; an admin has still to answer.")


def _answer(request: MemberRequest, state: WishState, *, by: Actor, reason: str = "") -> None:
    rows.answer(request, state.value, by=by.id if isinstance(by, Person) else None, answer=reason)
    said = {"request": request.id, "state": state.value} | ({"reason": reason} if reason else {})
    entries.append(Kind.MEMBER_ANSWERED, by=by.id, subject=request.project_id, facts=said)


def _may(by: Person, *, change: Literal["ask", "withdraw"], project: Project) -> Permission:
    return permission.to(
        by,
        subject=project.id,
        ask=lambda person, at: questions.RequestMember(
            person=person,
            at=at,
            change=change,
            project=facts.of(project),
            memberships=facts.memberships(project, by),
        ),
    )
