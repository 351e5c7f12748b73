"""Access requests: a project's lead asks for a dataset version, its steward approves or says why not."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.db import transaction

from hub import rows
from hub.access.models import AccessRequest, Approval, RequestState
from hub.datasets import facts as datasets
from hub.datasets.models import DatasetVersion
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import Permission
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import Project


def ask(*, by: Person, project: Project, version: DatasetVersion, until: date, reason: str) -> AccessRequest:
    """Ask the steward of a dataset for a version, for the project's purpose, until a date."""
    if not reason.strip():
        raise Invalid("Say what the data is needed for; its steward decides by it.")
    project = projects.fresh(project)
    version = DatasetVersion.objects.select_related("dataset__steward").get(pk=version.pk)
    allowed = _may(by, change="ask", project=project, version=version, until=until)
    with transaction.atomic():
        allowed.use()
        rows.recheck(project, version.dataset)
        if AccessRequest.objects.open().filter(project=project, version=version).exists():
            raise WrongState(f"{version} is already asked for; its steward has still to answer.")
        standing = Approval.objects.filter(project=project, version=version, revoked_at=None).first()
        if standing is not None and standing.until >= until and standing.purpose == project.purpose:
            held = f"{project.title} until {standing.until:%-d %b %Y}"
            raise WrongState(f"{version} is already approved for {held}; ask for a later day.")
        made = AccessRequest.objects.create(
            project=project,
            version=version,
            purpose=project.purpose,
            until=until,
            reason=reason.strip(),
            asked_by=by,
        )
        said = {"request": made.id, "version": version.id, "until": until.isoformat(), "reason": reason}
        entries.append(Kind.ACCESS_ASKED, by=by.id, subject=project.id, facts=said)
    return made


def withdraw(*, by: Person, request: AccessRequest) -> None:
    """Take a request back before it is answered."""
    request = fresh(request)
    allowed = _may(
        by, change="withdraw", project=request.project, version=request.version, until=request.until
    )
    with transaction.atomic():
        allowed.use()
        rows.answer(request, RequestState.WITHDRAWN.value, by=by.id)
        said = {"request": request.id, "version": request.version_id}
        entries.append(Kind.ACCESS_WITHDRAWN, by=by.id, subject=request.project_id, facts=said)


def refuse(*, by: Person, request: AccessRequest, reason: str) -> None:
    """Refuse a request with a reason that its project reads."""
    if not reason.strip():
        raise Invalid("Say why the request is refused; the project’s members will read it.")
    request = fresh(request)
    allowed = may_refuse(by=by, request=request)
    with transaction.atomic():
        allowed.use()
        rows.answer(request, RequestState.REFUSED.value, by=by.id, answer=reason.strip())
        said = {"request": request.id, "version": request.version_id, "reason": reason}
        entries.append(Kind.ACCESS_REFUSED, by=by.id, subject=request.project_id, facts=said)


def approved(*, by: Person, approval: Approval) -> None:
    """Answer the open request that an approval fulfils, inside the approval's transaction."""
    waiting = AccessRequest.objects.open().filter(project=approval.project, version=approval.version).first()
    if waiting is not None:
        rows.answer(waiting, RequestState.APPROVED.value, by=by.id, approval_id=approval.id)


def may_refuse(*, by: Person, request: AccessRequest) -> Permission:
    """Return the permission to answer a request: its dataset's steward has it."""
    return permission.to(
        by,
        subject=request.project_id,
        ask=lambda asking, at: questions.ManageApproval(
            person=asking,
            at=at,
            change="refuse",
            project=projects.of(request.project),
            version=datasets.of_version(request.version),
            purpose=request.purpose,
            until=request.until,
            memberships=projects.memberships(request.project, by),
        ),
    )


def fresh(request: AccessRequest) -> AccessRequest:
    """Return the request as the database has it now."""
    return AccessRequest.objects.with_names().get(pk=request.pk)


def _may(
    by: Person,
    *,
    change: Literal["ask", "withdraw"],
    project: Project,
    version: DatasetVersion,
    until: date,
) -> Permission:
    return permission.to(
        by,
        subject=project.id,
        ask=lambda asking, at: questions.RequestAccess(
            person=asking,
            at=at,
            change=change,
            project=projects.of(project),
            version=datasets.of_version(version),
            purpose=project.purpose,
            until=until,
            memberships=projects.memberships(project, by),
        ),
    )
