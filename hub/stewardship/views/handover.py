"""Handing a dataset over: who takes it, and what comes with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from hub import refusals
from hub.access.models import AccessRequest, Approval
from hub.affected import Affected
from hub.datasets import stewards
from hub.datasets.models import Dataset
from hub.errors import Refused
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.stewardship.forms import posted
from hub.stewardship.models import Feedback


class HandOverForm(forms.Form):
    """Who is to answer for it."""

    row_version = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.ModelChoiceField(Person.objects.none(), label="Who answers for it from now on")

    def __init__(self, data: Any, *, dataset: Dataset) -> None:
        """Offer the data stewards of its institution."""
        super().__init__(data, initial={"row_version": dataset.row_version})
        self.fields["to"].queryset = stewards.candidates(dataset)  # type: ignore[attr-defined]  # a field of choices


@login_required
def hand_over(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what comes with a dataset, and give it to another steward of its institution."""
    shown = get_object_or_404(Dataset.objects.select_related("steward", "institution"), slug=slug)
    person, form = reader(request), HandOverForm(posted(request), dataset=shown)
    _require_may(person, shown)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        with refusals.said_on(form, Refused):
            stewards.hand_over(by=person, dataset=shown, to=said["to"], seen=said["row_version"])
            messages.success(request, f"{said['to'].name} answers for {shown.title} from now on.")
            return redirect("datasets:dataset", slug)
    context = {
        "heading": f"Hand {shown.title} over",
        "sentence": "Requests, approvals, words and feedback are the new steward’s; both of you are told.",
        "action": "Hand it over",
        "affected": _affected(shown),
        "danger": True,
        "form": form,
        "back": reverse("datasets:dataset", args=[slug]),
    }
    return render(request, "confirm.html", context)


def _require_may(person: Person, dataset: Dataset) -> None:
    """Show the form to who could hand it over to somebody; with nobody to take it, to its steward alone."""
    offered = stewards.candidates(dataset).exclude(pk=person.pk).first()
    if offered is not None:
        stewards.may_hand_over(person, dataset=dataset, to=offered)
    elif dataset.steward_id != person.id:
        raise Refused([f"There is no other data steward of {dataset.institution.name} to take it over."])


def _affected(dataset: Dataset) -> list[Affected]:
    url = reverse("datasets:dataset", args=[dataset.slug])
    counts = (
        (
            Approval.objects.filter(version__dataset=dataset, revoked_at=None).count(),
            "approvals that stay as they are",
        ),
        (
            AccessRequest.objects.open().filter(version__dataset=dataset).count(),
            "requests that wait for the new one",
        ),
        (
            Feedback.objects.waiting().filter(dataset=dataset).count(),
            "feedback that waits for the new one",
        ),
    )
    lost = Affected(dataset.steward.name, "can’t approve, revoke, suspend or describe it any more", url)
    return [lost, *(Affected(dataset.title, f"{what}: {count}", url) for count, what in counts if count)]
