"""The steward's desk: datasets, folders on their way to become versions, feedback."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from hub import refusals
from hub.datasets import intakes, services
from hub.datasets.models import OVER, Dataset, Intake
from hub.errors import NotFound, WrongState
from hub.people.models import Role
from hub.people.signed_in import login_required, reader, roles
from hub.stewardship import drawn, paging
from hub.stewardship.forms import ConfirmForm, IntakeForm, posted
from hub.stewardship.models import Feedback

LOOK_AGAIN_SECONDS = 3
ACTS = {
    "repeat": (intakes.repeat, "The folder is examined once more."),
    "confirm": (intakes.confirm, "The files are copied; the version is registered when that is done."),
    "drop": (intakes.drop, "The intake is given up. The folder stays as it is."),
}


@login_required
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """Show the reader's own datasets, what is under way and what waits for an answer."""
    person = reader(request)
    waiting = Count("feedback", filter=Q(feedback__answered_at=None), distinct=True)
    counted = {"version_count": Count("versions", distinct=True), "waiting": waiting}
    mine = Dataset.objects.filter(steward=person).annotate(**counted).order_by("title", "pk")
    under_way = Intake.objects.under_way().filter(dataset__steward=person).select_related("dataset")
    context = {
        "page": paging.page(request, mine),
        "query": paging.others(request),
        "intakes": under_way.defer("content", "findings", "facts"),
        "feedback": Feedback.objects.waiting().filter(dataset__steward=person).with_people()[: paging.A_PAGE],
        "is_steward": Role.DATA_STEWARD in roles(request),
    }
    return render(request, "stewardship/desk.html", context)


@login_required
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a folder on the intake disk, to be registered as a version."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    person = reader(request)
    form = IntakeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form, NotFound):
            made = intakes.begin(by=person, dataset=shown, **form.cleaned_data)
            return redirect("stewardship:intake", made.id)
    if request.method == "GET":
        services.may(person, dataset=shown, change="register")
    context = {
        "dataset": shown,
        "form": form,
        "folders": intakes.folders(),
        "versions": shown.versions.all(),
        "under_way": shown.intakes.exclude(state__in=OVER).defer("content"),
    }
    return render(request, "stewardship/begin.html", context)


@login_required
@require_GET
def intake(request: HttpRequest, id: str) -> HttpResponse:
    """Show how far a folder is, what is wrong and what it is like; it names files, so to its steward."""
    query = Intake.objects.defer("content").select_related("dataset__steward", "registered")
    shown = get_object_or_404(query, pk=id)
    services.may(reader(request), dataset=shown.dataset, change="register")
    context = {
        "intake": shown,
        "findings": shown.findings,
        "blocking": sum(bool(finding["blocks"]) for finding in shown.findings),
        "more": sorted(shown.more.items()),
        "facts": shown.facts,
        "plots": drawn.of(shown.facts),
        "form": ConfirmForm(initial={"row_version": shown.row_version}, auto_id=False),
    }
    answer = render(request, "stewardship/intake.html", context)
    if shown.is_worked_on:
        answer.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return answer


@login_required
@require_POST
def act(request: HttpRequest, id: str, verb: str) -> HttpResponse:
    """Examine once more, confirm or drop an intake, if it still is as its steward saw it."""
    shown = get_object_or_404(Intake.objects.defer("content").select_related("dataset__steward"), pk=id)
    form = ConfirmForm(request.POST)
    change, said = ACTS[verb]
    if not form.is_valid() or form.cleaned_data["row_version"] != shown.row_version:
        raise WrongState(f"The intake of {shown} was changed meanwhile; load its page again.")
    change(by=reader(request), intake=shown)
    messages.success(request, said)
    if verb == "drop":
        return redirect("stewardship:desk")
    return redirect("stewardship:intake", id)
