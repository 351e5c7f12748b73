"""Pages about what people belong to: institutions, and training from a table."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hub.people import courses, records, services
from hub.people.models import Institution
from hub.people.signed_in import login_required, reader
from hub.provisioning import steps
from hub.provisioning.people_forms import Courses, NewInstitution, Rename
from hub.provisioning.steps import Values, Wording


@login_required
@require_GET
def institutions(request: HttpRequest) -> HttpResponse:
    """List the institutions, with how many people and datasets are theirs."""
    records.open_for(reader(request), "people")
    counted = Institution.objects.annotate(
        has_people=Count("people", distinct=True), has_datasets=Count("datasets", distinct=True)
    ).order_by("name", "pk")
    page = Paginator(counted, 50).get_page(request.GET.get("page"))
    return render(request, "provisioning/institutions.html", {"page": page})


@login_required
def add_institution(request: HttpRequest) -> HttpResponse:
    """Add an institution."""
    admin = reader(request)
    services.may(by=admin, change="add", subject="new")

    def act(values: Values) -> str:
        made = services.add_institution(by=admin, slug=values["slug"], name=values["name"])
        return f"{made.name} is added."

    wording = Wording(
        heading="New institution",
        sentence="People and datasets belong to institutions; belonging to one gives no right.",
        action="Add it",
        back=reverse("provisioning:institutions"),
    )
    form, to = NewInstitution(steps.data(request)), reverse("provisioning:institutions")
    return steps.at_once(request, form=form, wording=wording, act=act, to=to)


@login_required
def rename_institution(request: HttpRequest, slug: str) -> HttpResponse:
    """Give an institution another name."""
    admin = reader(request)
    services.may(by=admin, change="edit", subject=slug)
    shown = get_object_or_404(Institution, slug=slug)

    def act(values: Values) -> str:
        services.rename_institution(by=admin, institution=shown, name=values["name"])
        return f"It is called {values['name']} now."

    wording = Wording(
        heading=f"Rename {shown.name}",
        sentence="The new name stands on every page, also beside what was done before.",
        action="Rename it",
        back=reverse("provisioning:institutions"),
    )
    form = Rename(steps.data(request), initial={"name": shown.name})
    to = reverse("provisioning:institutions")
    return steps.at_once(request, form=form, wording=wording, act=act, to=to)


@login_required
def training(request: HttpRequest) -> HttpResponse:
    """Record training from a table: every row is shown with what is wrong before anything is written."""
    admin = reader(request)
    services.may_record_any(by=admin)
    form = Courses(steps.data(request), request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "provisioning/training.html", {"form": form, "columns": courses.COLUMNS})
    found: list[courses.Row] = []

    def act(values: Values) -> str:
        found.extend(courses.read(values["text"], by=admin))
        if not values["confirmed"] or any(row.error for row in found):
            return ""
        return f"{courses.record(by=admin, table=found)} records are written."

    if done := steps.attempt(form, act):
        messages.success(request, done)
        return redirect("people:people")
    if not found or form.errors:
        return render(request, "provisioning/training.html", {"form": form, "columns": courses.COLUMNS})
    wrong = sum(bool(row.error) for row in found)
    context = {"form": form, "rows": found, "wrong": wrong, "text": form.cleaned_data["text"]}
    return render(request, "provisioning/training_rows.html", context)
