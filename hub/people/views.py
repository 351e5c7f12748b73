"""Pages about people: a browser that is kept waiting, one's own account, and the list that admins keep."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from hub.people import browser_links, facts, records, search
from hub.people.forms import Address, Find
from hub.people.models import Person
from hub.people.search import Wanted
from hub.people.signed_in import login_required, reader
from hub.people.standing import must_enrol

PER_PAGE = 50
ON_ITS_WAY = (
    "If there is an account under that address, a link is on its way to it. At most three an hour are "
    "mailed: if none comes, one of the last hour is still good."
)
TAKEN = "This browser may try your password now, whatever others do. Sign in as always."


def own_browser(request: HttpRequest) -> HttpResponse:
    """Mail somebody a link for the browser in which they are kept waiting, or take the one they opened."""
    if link := request.GET.get("link"):
        response = redirect("account_login")
        browser_links.take(request, response, link=link)
        messages.success(request, TAKEN)
        return response
    form = Address(request.POST or None)
    if form.is_valid():
        browser_links.send(request, email=form.cleaned_data["login"])
        messages.success(request, ON_ITS_WAY)
        return redirect("account_login")
    return render(request, "account/own_browser.html", {"form": form})


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
    form = Find(request.GET or None)
    wanted = Wanted(**form.cleaned_data) if form.is_valid() else Wanted()
    page = Paginator(search.people(wanted), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "today": datetime.now(UTC).date(), "filtered": wanted != Wanted()}
    return render(request, "people/people.html", context)


@login_required
@require_GET
def person(request: HttpRequest, id: str) -> HttpResponse:
    """Show one person."""
    records.open_for(reader(request), "people")
    shown = get_object_or_404(Person.objects.with_roles(), pk=id)
    memberships = shown.memberships.select_related("project")
    context = {
        "person": shown,
        "memberships": memberships,
        "second_factor": facts.has_second_factor(shown),
        "invitations": shown.invitations.select_related("sent_by")[:5],
        "today": datetime.now(UTC).date(),
    }
    return render(request, "people/person.html", context)
