"""What a steward does to a dataset; who is affected stands on the page before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from hub import refusals
from hub.affected import Affected
from hub.datasets import datasheets, services
from hub.datasets.models import Dataset, DatasetVersion
from hub.errors import Invalid, WrongState
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.stewardship import use
from hub.stewardship.forms import AddForm, DatasheetForm, EditForm, ReasonForm, posted


@dataclass(frozen=True)
class Change:
    """A change that is confirmed on a page of its own."""

    heading: str
    sentence: str
    action: str
    affected: list[Affected]
    done: str
    danger: bool = True


@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Add a dataset, as yet without a version; its steward is who adds it."""
    person = reader(request)
    form = AddForm(
        posted(request),
        initial={"institution": person.institution_id, "tier": 2},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add(by=person, steward=person, **form.cleaned_data)
        except (Invalid, WrongState) as error:
            # Nothing typed is lost on an error that its writer can mend.
            form.add_error("slug", str(error))
        else:
            messages.success(request, f"{made.title} is there. Now register its first version.")
            return redirect("datasets:dataset", made.slug)
    context = {
        "form": form,
        "heading": "Add a dataset",
        "sentence": "You become its steward: you answer for it and decide who may use it.",
        "action": "Add the dataset",
        "back": reverse("stewardship:desk"),
    }
    return render(request, "stewardship/form.html", context)


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a dataset's words."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    person = reader(request)
    names = ("title", "description", "licence", "attribution", "row_version")
    form = EditForm(
        posted(request),
        initial={name: getattr(shown, name) for name in names},
    )
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form):
            services.edit(by=person, dataset=shown, **form.cleaned_data)
            messages.success(request, "The dataset’s page is changed.")
            return redirect("datasets:dataset", slug)
    if request.method == "GET":
        services.may(person, dataset=shown, change="edit")
    context = {
        "form": form,
        "heading": f"What is said about {shown.title}",
        "sentence": "Everybody in the enclave reads this. Its tier and short name never change.",
        "action": "Save",
        "back": reverse("datasets:dataset", args=[slug]),
    }
    return render(request, "stewardship/form.html", context)


@login_required
def write_datasheet(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a dataset's datasheet anew."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    person = reader(request)
    last = shown.datasheets.first()
    before = {"number": last.number, **last.answers} if last else {"number": 0}
    form = DatasheetForm(posted(request), initial=before)
    if request.method == "POST" and form.is_valid():
        answers = dict(form.cleaned_data)
        number = answers.pop("number")
        with refusals.said_on(form):
            datasheets.write(by=person, dataset=shown, answers=answers, number=number)
            messages.success(request, "The datasheet is written; earlier wordings are kept.")
            return redirect("datasets:datasheet", slug)
    if request.method == "GET":
        services.may(person, dataset=shown, change="edit")
    context = {
        "form": form,
        "heading": f"Datasheet of {shown.title}",
        "sentence": "What researchers have to know before they ask for it, and what nobody may do.",
        "action": "Save the datasheet",
        "back": reverse("datasets:dataset", args=[slug]),
    }
    return render(request, "stewardship/form.html", context)


@login_required
def suspend(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whom a suspension touches, and suspend."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    person, form = reader(request), ReasonForm(posted(request))
    # Who is affected is shown to who may do it, and to nobody else.
    services.may(person, dataset=shown, change="suspend")
    change = Change(
        heading=f"Suspend {shown.title}?",
        sentence="Nobody can use it until you end the suspension. Results already released stay released.",
        action="Suspend this dataset",
        affected=use.touched_by_suspending(shown),
        done=f"{shown.title} is suspended; sessions using it end within seconds.",
    )
    return _confirm(
        request, slug, change, form, lambda: services.suspend(by=person, dataset=shown, **form.cleaned_data)
    )


@login_required
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who may go on, and end a suspension."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    person = reader(request)
    services.may(person, dataset=shown, change="resume")
    change = Change(
        heading=f"End the suspension of {shown.title}?",
        sentence="Whoever was allowed to use it may use it again.",
        action="End the suspension",
        affected=use.touched_by_resuming(shown),
        done=f"{shown.title} may be used again.",
        danger=False,
    )
    form = forms.Form(posted(request))
    return _confirm(request, slug, change, form, lambda: services.resume(by=person, dataset=shown))


@login_required
def deprecate(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Say who keeps a version, and deprecate it."""
    query = DatasetVersion.objects.select_related("dataset__steward")
    shown = get_object_or_404(query, dataset__slug=slug, version=version)
    person: Person = reader(request)
    services.may(person, dataset=shown.dataset, change="deprecate")
    change = Change(
        heading=f"Deprecate version {version} of {shown.dataset.title}?",
        sentence="It can’t be approved for anybody new. This can’t be taken back.",
        action="Deprecate this version",
        affected=use.touched_by_deprecating(shown),
        done=f"Version {version} is deprecated; projects that have it keep it until their approvals end.",
    )
    form = forms.Form(posted(request))
    return _confirm(request, slug, change, form, lambda: services.deprecate(by=person, version=shown))


def _confirm(
    request: HttpRequest, slug: str, change: Change, form: forms.Form, act: Callable[[], None]
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        act()
        messages.success(request, change.done)
        return redirect("datasets:dataset", slug)
    back = reverse("datasets:dataset", args=[slug])
    return render(request, "confirm.html", {**vars(change), "form": form, "back": back})
