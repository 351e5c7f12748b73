"""Grants: what one session may be, decided and signed here, given to the hub once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.db import transaction

from hub import grant as grants
from hub import ids, images, policy, rows
from hub.access.models import Approval
from hub.errors import Refused, Unavailable, WrongState
from hub.ledger import decisions, entries
from hub.ledger.kinds import Kind
from hub.people import facts as people
from hub.places import places
from hub.projects import facts as projects
from hub.projects.models import Project
from hub.workspaces import bring_ins, facts, sessions
from hub.workspaces.models import Session, SessionState

START_WITHIN = timedelta(seconds=60)


def issue(*, person: str, server: str) -> tuple[str, Session]:
    """Return a signed grant for the one session that the portal asked the hub to start."""
    session = (
        Session.objects.with_people()
        .filter(workspace__person_id=person, workspace__slug=server, state=SessionState.REQUESTED.value)
        .first()
    )
    if session is None:
        raise Refused(["Sessions are started from the portal; open your workspace there and start one."])
    project = projects.fresh(session.workspace.project)
    owner = people.fresh(session.workspace.person)
    approvals = facts.wanted(project, owner)
    decision = policy.ask(facts.start(owner, project, approvals, but=session))
    if not decision.allow:
        _deny(session, decision)
    granted = _grant(session, project, approvals, decision)
    with transaction.atomic():
        rows.recheck(owner, project, *approvals, *{one.version.dataset for one in approvals})
        changed = Session.objects.filter(pk=session.pk, state=SessionState.REQUESTED.value).update(
            state=SessionState.STARTING.value,
            decision_id=decision.id,
            expires_at=granted.ends_at,
            image=granted.image,
            versions=[one.version_id for one in approvals],
        )
        if not changed:
            raise WrongState("This session was granted or ended just now; start it again from the portal.")
        decisions.record(decision, by=person, subject=session.id)
        said = {
            "grant": granted.id,
            "image": granted.image,
            "mounts": [mount.target for mount in granted.mounts],
            "ends_at": granted.ends_at.isoformat(),
        }
        entries.append(Kind.GRANT_ISSUED, by=person, subject=session.id, facts=said)
    bring_ins.folder(project)
    return grants.sign(granted, _key()), session


def _deny(session: Session, decision: policy.Decision) -> None:
    reason = " ".join(decision.reasons)
    sessions.end(
        by=session.workspace.person_id,
        session=session,
        reason=reason,
        state=SessionState.FAILED,
        decision=decision,
    )
    raise Refused(decision.reasons)


def _grant(
    session: Session, project: Project, approvals: list[Approval], decision: policy.Decision
) -> grants.Grant:
    now = datetime.now(UTC)
    workspace = session.workspace
    return grants.Grant(
        id=ids.new(),
        session=session.id,
        person=workspace.person_id,
        project=project.slug,
        workspace=workspace.id,
        server=workspace.slug,
        uid=workspace.uid,
        image=images.tag(project.image),
        mounts=tuple(_mount(one) for one in approvals),
        home_bytes=project.home_bytes,
        memory_bytes=project.memory_bytes,
        cpus=project.cpus,
        pids=project.pids,
        issued_at=now,
        start_before=now + START_WITHIN,
        ends_at=now + timedelta(seconds=project.session_seconds),
        decision=decision.id,
        gpus=project.gpus,
    )


def _mount(approval: Approval) -> grants.Mount:
    version = approval.version
    return grants.Mount(
        dataset=version.dataset.slug,
        version=version.version,
        source=str(places.state / "datasets" / version.folder),
        target=version.path,
    )


def _key() -> Ed25519PrivateKey:
    key = load_pem_private_key(settings.PARLATORY_GRANT_KEY.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable("The grant key is not an Ed25519 key; make the enclave's secrets again.")
    return key
