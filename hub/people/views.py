"""Pages about people: one's own account, and the list that admins keep."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from hub.people import facts, records, services
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.people.standing import must_enrol


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Show the reader who the enclave thinks they are."""
    person = reader(request)
    context = {
        "person": person,
        "second_factor": facts.has_second_factor(person),
        "second_factor_needed": must_enrol(person),
        "today": datetime.now(UTC).date(),
    }
    return render(request, "people/account.html", context)


@login_required
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """List everybody, for those who may read that."""
    records.open_for(reader(request), "people")
    return render(request, "people/people.html", {"people": Person.objects.with_roles()})


@login_required
@require_GET
def person(request: HttpRequest, id: str) -> HttpResponse:
    """Show one person."""
    records.open_for(reader(request), "people")
    shown = get_object_or_404(Person.objects.with_roles(), pk=id)
    memberships = shown.memberships.select_related("project")
    context = {"person": shown, "memberships": memberships, "today": datetime.now(UTC).date()}
    return render(request, "people/person.html", context)


@login_required
@require_POST
def suspend(request: HttpRequest, id: str) -> HttpResponse:
    """Suspend somebody."""
    shown = get_object_or_404(Person, pk=id)
    services.suspend(by=reader(request), person=shown, reason=request.POST.get("reason", ""))
    messages.success(request, f"{shown.name} is suspended; a running session ends within seconds.")
    return redirect("people:person", id)


@login_required
@require_POST
def resume(request: HttpRequest, id: str) -> HttpResponse:
    """End somebody's suspension."""
    shown = get_object_or_404(Person, pk=id)
    services.resume(by=reader(request), person=shown)
    messages.success(request, f"{shown.name} may come in again.")
    return redirect("people:person", id)


@login_required
@require_POST
def deactivate(request: HttpRequest, id: str) -> HttpResponse:
    """Close somebody's account."""
    shown = get_object_or_404(Person, pk=id)
    services.deactivate(by=reader(request), person=shown, reason=request.POST.get("reason", ""))
    messages.success(request, f"{shown.name}’s account is closed.")
    return redirect("people:person", id)
