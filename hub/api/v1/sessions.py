"""Sessions: seen, and stopped by their person; started from the portal's pages only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from hub.api import answers, caller
from hub.api.answers import Listed, Paging, Shown
from hub.api.caller import Bearer
from hub.api.scopes import Scope
from hub.api.words import Id
from hub.errors import NotFound
from hub.people import records
from hub.workspaces import sessions as services
from hub.workspaces.models import Session, SessionState

router = Router(tags=["sessions"])
NONE = "You have no such session; GET /api/v1/sessions lists yours."


class SessionShown(Shown):
    """One run of a workspace's container."""

    id: str
    project: str
    person: str
    state: SessionState
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    end_reason: str


class SessionsAsked(Paging):
    """Which sessions: your own, or all for those who may read that."""

    all: bool = False
    state: SessionState | None = None


def of_session(one: Session) -> SessionShown:
    """Return a session's shape."""
    return SessionShown(
        id=one.id,
        project=one.workspace.project.slug,
        person=one.workspace.person_id,
        state=SessionState(one.state),
        requested_at=one.requested_at,
        started_at=one.started_at,
        ended_at=one.ended_at,
        expires_at=one.expires_at,
        end_reason=one.end_reason,
    )


@router.get("/sessions", response=Listed[SessionShown], auth=Bearer(Scope.SESSIONS_READ))
def list_sessions(request: HttpRequest, asked: Annotated[SessionsAsked, Query()]) -> HttpResponse:
    """List your sessions; with `all`, everybody's."""
    person = caller.of(request).person
    found = Session.objects.with_people().order_by("-requested_at", "id")
    if asked.all:
        records.open_for(person, "sessions")
    else:
        found = found.filter(workspace__person=person)
    if asked.state is not None:
        found = found.filter(state=asked.state.value)
    return answers.listed(found, asked, of_session)


@router.post("/sessions/{id}/stop", response=SessionShown, auth=Bearer(Scope.SESSIONS_WRITE))
def stop(request: HttpRequest, id: Id) -> HttpResponse:
    """Stop your own session; your files stay in your workspace."""
    person = caller.of(request).person
    found = Session.objects.with_people().filter(pk=id, workspace__person=person).first()
    if found is None:
        raise NotFound(NONE)
    services.stop(by=person, session=found)
    return answers.shown(of_session(services.find(id)))
