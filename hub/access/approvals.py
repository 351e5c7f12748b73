"""Approvals: a project may use a dataset version, for a purpose, until a date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from django.db import transaction

from hub import rows
from hub.access import facts, requests
from hub.access.models import Approval
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


def approve(
    *,
    by: Person,
    project: Project,
    version: DatasetVersion,
    purpose: str,
    until: date,
    conditions: str = "",
) -> Approval:
    """Approve a dataset version for a project's purpose until a date."""
    project = projects.fresh(project)
    version = DatasetVersion.objects.select_related("dataset__steward").get(pk=version.pk)
    allowed = may(by=by, change="approve", project=project, version=version, purpose=purpose, until=until)
    with transaction.atomic():
        allowed.use()
        rows.recheck(project, version.dataset)
        if Approval.objects.filter(project=project, version=version, revoked_at=None).exists():
            raise WrongState(
                f"{version} is already approved for {project.title}; prolong that, or revoke it first."
            )
        approval = Approval.objects.create(
            project=project,
            version=version,
            purpose=purpose,
            until=until,
            conditions=conditions,
            approved_by=by,
        )
        requests.approved(by=by, approval=approval)
        said = {"project": project.id, "version": version.id, "purpose": purpose, "until": until.isoformat()}
        entries.append(Kind.APPROVAL_GIVEN, by=by.id, subject=approval.id, facts=said)
    return approval


def prolong(*, by: Person, approval: Approval, until: date, conditions: str, seen: int | None = None) -> None:
    """Approve again what was approved and not revoked, until another day: no session ends in between.

    It is then for the project's purpose of now, as any approval that is given.
    """
    approval = facts.fresh(approval)
    project, version = approval.project, approval.version
    purpose = project.purpose
    allowed = may(by=by, change="approve", project=project, version=version, purpose=purpose, until=until)
    if approval.revoked_at is not None:
        raise WrongState(f"The approval of {version} is revoked; it can only be given anew.")
    said = {"until": until, "conditions": conditions, "purpose": purpose}
    if all(getattr(approval, name) == value for name, value in said.items()):
        raise Invalid(f"{version} is approved like this until {until:%-d %b %Y} already; choose another day.")
    before = approval.until
    with transaction.atomic():
        allowed.use()
        rows.recheck(project, version.dataset)
        rows.expect(approval, seen)
        rows.claim(approval, approved_by_id=by.id, **said)
        requests.approved(by=by, approval=approval)
        told = {"project": project.id, "version": version.id, "purpose": purpose, "until": until.isoformat()}
        told |= {"before": before.isoformat()}
        entries.append(Kind.APPROVAL_GIVEN, by=by.id, subject=approval.id, facts=told)


def revoke(*, by: Person, approval: Approval, reason: str) -> None:
    """Revoke an approval: sessions that have its version mounted end within one lease."""
    if not reason.strip():
        raise Invalid("Say why the approval is revoked; the project’s members will read it.")
    approval = facts.fresh(approval)
    allowed = may(
        by=by,
        change="revoke",
        project=approval.project,
        version=approval.version,
        purpose=approval.purpose,
        until=approval.until,
    )
    if approval.revoked_at is not None:
        raise WrongState(f"The approval of {approval.version} is already revoked.")
    with transaction.atomic():
        allowed.use()
        rows.claim(
            approval,
            revoked_at=datetime.now(UTC),
            revoked_by_id=by.id,
            revoked_reason=reason.strip(),
        )
        said = {"project": approval.project_id, "version": approval.version_id, "reason": reason}
        entries.append(Kind.APPROVAL_REVOKED, by=by.id, subject=approval.id, facts=said)


def may(
    *,
    by: Person,
    change: Literal["approve", "revoke", "refuse"],
    project: Project,
    version: DatasetVersion,
    purpose: str,
    until: date,
) -> Permission:
    """Return the permission to approve a version for a project, revoke that, or refuse a request for it."""
    return permission.to(
        by,
        subject=project.id,
        ask=lambda asking, at: questions.ManageApproval(
            person=asking,
            at=at,
            change=change,
            project=projects.of(project),
            version=datasets.of_version(version),
            purpose=purpose,
            until=until,
            memberships=projects.memberships(project, by),
        ),
    )
