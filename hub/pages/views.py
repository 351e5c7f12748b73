"""The home page and the way out."""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.idp.oidc.models import Token
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.pages import first, health, offices, steps
from hub.pages import home as content
from hub.people.models import Person, Role
from hub.people.signed_in import login_required, reader
from hub.places import places
from hub.workspaces import launch, sessions

# Who needs a project to do anything here.
RESEARCH = frozenset({Role.RESEARCHER, Role.PROJECT_LEAD})


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the reader, and one next step."""
    person = reader(request)
    today = datetime.now(UTC).date()
    roles = person.roles_on(today)
    mine = content.places_of(person, today)
    waiting = steps.steps_of(person, roles, mine, today) or first.steps(roles)
    context = {
        "person": person,
        "today": today,
        "places": mine,
        "next": waiting[0] if waiting else None,
        "steps": waiting[1:],
        "admins": content.admins(today),
        "offices": offices.of(roles),
        "standing": health.standing_now() if Role.ADMIN in roles else None,
        "researches": bool(roles & RESEARCH) or not roles,
    }
    return render(request, "home.html", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere: running session, tokens, lab, portal; the lab's page then clears its cookies."""
    if isinstance(request.user, Person):
        person = request.user
        sessions.stop_all_of(person, "You signed out.")
        with transaction.atomic():
            Token.objects.filter(user=person).delete()
            entries.append(Kind.SIGNED_OUT, by=person.id, subject=person.id, facts={})
        launch.sign_out(person)
        logout(request)
    return HttpResponseRedirect(f"{places.lab_url}/hub/logout")


@require_GET
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that everything is closed."""
    if isinstance(request.user, Person):
        return redirect("home")
    return render(request, "signed_out.html")
