"""What a policy may know about sessions, and the questions about starting and going on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.access import facts as access
from hub.access.models import Agreement, Approval
from hub.people import facts as people
from hub.people.models import Person
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import Project
from hub.workspaces.models import Session, SessionState


def of(session: Session) -> questions.Session:
    """Return the facts about a session."""
    workspace = session.workspace
    return questions.Session(
        id=session.id,
        person=workspace.person_id,
        project=workspace.project_id,
        state=SessionState(session.state).value,
        expires_at=session.expires_at
        or session.requested_at + timedelta(seconds=workspace.project.session_seconds),
    )


def running(person: Person, *, but: Session | None = None) -> tuple[str, ...]:
    """Return the ids of a person's live sessions, in any project."""
    query = Session.objects.live().filter(workspace__person=person)
    if but is not None:
        query = query.exclude(pk=but.pk)
    return tuple(query.order_by("pk").values_list("pk", flat=True))


def wanted(project: Project, person: Person) -> list[Approval]:
    """Return the approvals of the versions a session asks for.

    Those that hold today and can be used; where there is none, all there ever were, so that the policies
    can say what is missing.
    """
    approvals = access.approvals_of(project)
    today = datetime.now(UTC).date()
    signed = set(
        Agreement.objects.filter(project=project, until__gte=today, signatures__person=person).values_list(
            "dataset_id", flat=True
        )
    )
    held = [one for one in approvals if one.revoked_at is None and one.until >= today]
    usable = [
        one
        for one in held
        if one.version.dataset_id in signed
        and one.purpose == project.purpose
        and not one.version.dataset.is_suspended
    ]
    return usable or held or approvals


def start(
    person: Person, project: Project, approvals: list[Approval], *, but: Session | None = None
) -> questions.StartSession:
    """Ask whether a person may start a session with the versions of these approvals."""
    return questions.StartSession(
        person=people.of(person),
        at=datetime.now(UTC),
        project=projects.of(project),
        memberships=projects.memberships(project, person),
        purpose=project.purpose,
        datasets=access.uses(project, person, approvals),
        running=running(person, but=but),
    )


def go_on(session: Session, *, at: datetime | None = None) -> questions.ContinueSession:
    """Ask whether a session may go on with what it has mounted, now or at a moment to come."""
    project = session.workspace.project
    person = people.fresh(session.workspace.person)
    if session.state == SessionState.REQUESTED:
        approvals = wanted(project, person)
    else:
        mounted = set(session.versions)
        approvals = [one for one in access.approvals_of(project) if one.version_id in mounted]
    return questions.ContinueSession(
        person=people.of(person),
        at=at or datetime.now(UTC),
        project=projects.of(project),
        memberships=projects.memberships(project, person),
        purpose=project.purpose,
        datasets=access.uses(project, person, approvals),
        session=of(session),
    )
