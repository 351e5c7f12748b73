"""Sessions: asked for by a person, granted to the hub, ended by anyone who must."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Max

from hub import policy, rows
from hub.errors import Invalid, NotFound, Refused, WrongState
from hub.ledger import decisions, entries
from hub.ledger.kinds import Kind
from hub.people import facts as people
from hub.people.models import Person
from hub.projects import facts as projects
from hub.projects.models import Membership, Project
from hub.workspaces import facts, launch
from hub.workspaces.models import FIRST_UID, LIVE_STATES, Session, SessionState, Workspace

ENDED_BY_PERSON = "You stopped this session."


def open_workspace(*, by: Person, project: Project) -> Workspace:
    """Return a member's place in a project, made when it is first asked for."""
    with transaction.atomic():
        found = Workspace.objects.filter(person=by, project=project).first()
        if found is not None:
            return found
        if not Membership.objects.filter(person=by, project=project).exists():
            raise NotFound("You have no workspace in this project, because you are not a member.")
        # Under SQLite the transaction holds the write lock; elsewhere the uid's uniqueness refuses a race.
        highest = Workspace.objects.aggregate(highest=Max("uid"))["highest"] or FIRST_UID - 1
        workspace = Workspace.objects.create(person=by, project=project, slug=project.slug, uid=highest + 1)
        said = {"what": "workspace", "project": project.id, "uid": workspace.uid}
        entries.append(Kind.PROVISIONED, by=by.id, subject=workspace.id, facts=said)
    return workspace


def may_start(*, by: Person, project: Project) -> policy.Decision:
    """Return what the policies would say to a start now; nothing is started or recorded."""
    (decision,) = may_start_each(by=by, projects=[project])
    return decision


def may_start_each(*, by: Person, projects: Sequence[Project]) -> tuple[policy.Decision, ...]:
    """Return what the policies would say to a start in each of these projects now."""
    person = people.fresh(by)
    return policy.ask_all([facts.start(person, one, facts.wanted(one, by)) for one in projects])


def start_in(*, by: Person, project: Project) -> Session:
    """Start a session in a project; who may not is told why, and the ledger keeps it."""
    project = projects.fresh(project)
    person = people.fresh(by)
    question = facts.start(person, project, facts.wanted(project, person))
    decision = decisions.require(question, by=person.id, subject=project.id)
    workspace = open_workspace(by=person, project=project)
    with transaction.atomic():
        rows.recheck(person, project)
        if facts.running(person):
            raise WrongState("You already have a session running; stop it before you start another.")
        decisions.record(decision, by=person.id, subject=project.id)
        session = Session.objects.create(workspace=workspace, decision_id=decision.id)
        said = {"workspace": workspace.id, "project": project.id}
        entries.append(Kind.SESSION_REQUESTED, by=person.id, subject=session.id, facts=said)
        launch.later(session, ready=_ready, failed=_failed)
    return session


def start(*, by: Person, workspace: Workspace) -> Session:
    """Start a session in one's own workspace."""
    if workspace.person_id != by.id:
        raise Refused(["This is somebody else’s workspace; start a session in one of your own."])
    return start_in(by=by, project=workspace.project)


def stop(*, by: Person, session: Session, reason: str = ENDED_BY_PERSON) -> None:
    """Stop one's own session."""
    if session.workspace.person_id != by.id:
        raise Refused(["This is somebody else’s session; to end it, end what it stands on, as an approval."])
    if not end(by=by.id, session=session, reason=reason):
        raise WrongState("This session has already ended.")


def stop_all_of(person: Person, reason: str) -> int:
    """End every live session of a person; return how many there were."""
    live = Session.objects.live().with_people().filter(workspace__person=person)
    return sum(end(by=person.id, session=session, reason=reason) for session in live)


def end(
    *,
    by: str,
    session: Session,
    reason: str,
    state: SessionState = SessionState.ENDED,
    decision: policy.Decision | None = None,
) -> bool:
    """End a session once: state and ledger first, then hub and engine follow; return whether it was live."""
    if state not in (SessionState.ENDED, SessionState.FAILED):
        raise Invalid(f"A session can’t end as {state}.")
    with transaction.atomic():
        changed = Session.objects.filter(pk=session.pk, state__in=LIVE_STATES).update(
            state=state.value, ended_at=datetime.now(UTC), end_reason=reason
        )
        if not changed:
            return False
        if decision is not None:
            decisions.record(decision, by=by, subject=session.id)
        kind = Kind.SESSION_ENDED if state is SessionState.ENDED else Kind.SESSION_FAILED
        entries.append(kind, by=by, subject=session.id, facts={"reason": reason})
        launch.clear(session)
    session.refresh_from_db()
    return True


def find(session: str) -> Session:
    """Return a session with workspace, project and person."""
    found = Session.objects.with_people().filter(pk=session).first()
    if found is None:
        raise NotFound("There is no such session.")
    return found


def _ready(session: Session) -> None:
    with transaction.atomic():
        changed = Session.objects.filter(pk=session.pk, state=SessionState.STARTING.value).update(
            state=SessionState.RUNNING.value, started_at=datetime.now(UTC), active_at=datetime.now(UTC)
        )
        if changed:
            by = session.workspace.person_id
            entries.append(Kind.SESSION_STARTED, by=by, subject=session.id, facts={})
    if not changed:
        # It ended meanwhile, or the hub started something it asked no grant for.
        end(
            by="portal",
            session=session,
            reason="The session was started without a grant.",
            state=SessionState.FAILED,
        )
        launch.clear(session)


def _failed(session: Session, reason: str) -> None:
    end(by="portal", session=session, reason=reason, state=SessionState.FAILED)
