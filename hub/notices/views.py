"""The reader's notices, what of them is mailed, and for admins what mail waits."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.errors import Invalid
from hub.notices import services
from hub.notices.forms import PreferencesForm
from hub.notices.models import Letter, Notice
from hub.people import records
from hub.people.signed_in import login_required, reader

PAGE_SIZE = 50


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the reader's notices, unread ones first."""
    person = reader(request)
    mine = Notice.objects.filter(person=person).unread_first()
    page = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "waiting": services.unread(person), "now": datetime.now(UTC).isoformat()}
    return render(request, "notices/index.html", context)


@login_required
@require_POST
def open_one(request: HttpRequest, notice: str) -> HttpResponse:
    """Mark a notice as read and go where it leads."""
    found = services.read(by=reader(request), notice=notice)
    return redirect(found.url or "notices:index")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything that was shown as read."""
    try:
        until = datetime.fromisoformat(request.POST.get("until", ""))
    except ValueError as error:
        raise Invalid("The page was not read whole; load it again and repeat.") from error
    if until.tzinfo is None:
        raise Invalid("The page was not read whole; load it again and repeat.")
    count = services.read_all(by=reader(request), until=until)
    messages.success(request, f"{count} notice{'s are' if count != 1 else ' is'} marked as read.")
    return redirect("notices:index")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and take how soon the reader wants mail about what."""
    person = reader(request)
    form = PreferencesForm(request.POST if request.method == "POST" else None, person=person)
    if request.method == "POST" and form.is_valid():
        form.save(person=person)
        messages.success(request, "Kept. What is mailed already stays mailed.")
        return redirect("notices:preferences")
    return render(request, "notices/preferences.html", {"form": form})


@login_required
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """Show admins and auditors the mail that waits, and why."""
    records.open_for(reader(request), "people")
    waiting = Letter.objects.filter(sent_at=None).select_related("person").order_by("due_at")
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    failing = Letter.objects.filter(sent_at=None).exclude(error="").order_by("-attempts").first()
    last = Letter.objects.exclude(sent_at=None).order_by("-sent_at").first()
    return render(request, "notices/outbox.html", {"page": page, "failing": failing, "last": last})
