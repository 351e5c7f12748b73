"""The workspace's page: start, watch, open, stop."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from hub.access import facts as access
from hub.people import records
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.places import places
from hub.projects import visible
from hub.projects.models import Project
from hub.workspaces import launch, leases, sessions
from hub.workspaces.models import LIVE_STATES, Session, SessionState

LOOK_AGAIN_SECONDS = 2
MOST_OVER = 200


@login_required
@require_GET
def workspace(request: HttpRequest, project: str) -> HttpResponse:
    """Show a person's place in a project: start it, wait for it, open it, stop it, or read why not."""
    person = reader(request)
    shown = visible.project(to=person, slug=project, past=True)
    context = _context(person, shown)
    response = render(request, "workspaces/workspace.html", context)
    if context["session"] and not context["running"]:
        # Only while it starts: the page says so, holds nothing to lose, and works without a script.
        response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return response


@login_required
@require_POST
def start(request: HttpRequest, project: str) -> HttpResponse:
    """Start a session."""
    sessions.start_in(by=reader(request), project=get_object_or_404(Project, slug=project))
    return redirect("workspaces:workspace", project)


@login_required
@require_POST
def stop(request: HttpRequest, project: str) -> HttpResponse:
    """Stop the reader's session."""
    session = _live(reader(request), project)
    if session is None:
        messages.info(request, "There is no session to stop; it has already ended.")
    else:
        sessions.stop(by=reader(request), session=session)
        messages.success(request, "Your session is stopped. Your files are kept in your workspace.")
    return redirect("workspaces:workspace", project)


@login_required
@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    """List sessions for those who may read that: what runs now, and what ended lately and why."""
    records.open_for(reader(request), "sessions")
    everything = Session.objects.with_people()
    over = everything.exclude(state__in=LIVE_STATES)[:MOST_OVER]
    context = {"live": everything.live(), "over": over, "most": MOST_OVER}
    return render(request, "workspaces/sessions.html", context)


def _live(person: Person, project: str) -> Session | None:
    mine = Session.objects.live().with_people().filter(workspace__person=person)
    return mine.filter(workspace__project__slug=project).first()


def _context(person: Person, project: Project) -> dict[str, Any]:
    at = datetime.now(UTC)
    session = _live(person, project.slug)
    last = Session.objects.with_people().filter(workspace__person=person, workspace__project=project).first()
    context: dict[str, Any] = {"project": project, "session": session, "last": last}
    if session is None:
        decision = sessions.may_start(by=person, project=project)
        context |= {"may_start": decision.allow, "reasons": decision.reasons}
        context["elsewhere"] = Session.objects.live().with_people().filter(workspace__person=person).first()
    else:
        running = session.state == SessionState.RUNNING
        context |= {
            "running": running,
            "usage": launch.usage(session) if running else None,
            "lab": f"{places.lab_url}/user/{person.id}/{session.workspace.slug}/lab",
            "idle_ends_at": leases.idle_ends_at(session),
        }
    if last is not None:
        context |= {"budget": project.budget_bytes_per_day, "budget_left": leases.budget_left(last, at)}
        mounted = set(session.versions) if session else set()
        context["mounted"] = [
            one.version for one in access.approvals_of(project) if one.version_id in mounted
        ]
    return context
