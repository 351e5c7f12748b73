"""The pages of who can reach what, for those who may read the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub import policy
from hub.audit import reach, tables
from hub.audit.filters import DayInput, ManyChoices, place
from hub.audit.world import Way
from hub.datasets.models import Dataset
from hub.errors import Invalid, Unavailable
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.people import records
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.projects.models import Membership, Project

HEAD = ("day", "project", "person", "address", "institution", "dataset", "version", "reaches", "why not")


class ReachForm(forms.Form):
    """Which day, and whose ways."""

    day = forms.DateField(
        required=False, label="At the end of", widget=DayInput, help_text="empty: as it is now"
    )
    person = forms.ChoiceField(required=False, label="Person", widget=ManyChoices)
    project = forms.ChoiceField(required=False, label="Project", widget=ManyChoices)
    dataset = forms.ChoiceField(required=False, label="Dataset", widget=ManyChoices)
    only = forms.BooleanField(required=False, label="Only who reaches it")

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Offer everybody and everything there is."""
        super().__init__(data)
        members = Person.objects.filter(pk__in=Membership.objects.values("person"))
        for name, everything, rows in (
            ("person", "everybody", members.values_list("pk", "name")),
            ("project", "every project", Project.objects.values_list("pk", "title")),
            ("dataset", "every dataset", Dataset.objects.values_list("pk", "title")),
        ):
            self.fields[name].choices = [("", everything), *rows]  # type: ignore[attr-defined]  # a choice field

    def clean_day(self) -> date | None:
        """Refuse a day to come: nobody knows what will be decided until then."""
        day: date | None = self.cleaned_data["day"]
        if day is not None and day > datetime.now(UTC).date():
            raise forms.ValidationError("This day is still to come; choose today or an earlier one.")
        return day


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show who reaches which data on a day, and what keeps the others from it."""
    records.open_for(reader(request), "ledger")
    form = ReachForm(request.GET)
    context: dict[str, Any] = {"form": form, "filtered": any(request.GET.get(name) for name in form.fields)}
    if form.is_valid():
        at = reach.moment(form.cleaned_data["day"], now=datetime.now(UTC))
        start = place(request.GET, "start") or 0
        found = reach.page(at, _ways(at, form), start=start, only_open=form.cleaned_data["only"])
        context |= {
            "at": at,
            "page": found,
            "next": _link(request, start=str(found.next)) if found.next is not None else "",
            "first": _link(request) if start else "",
            "csv": _link(request),
            "revision": _revision()[:12],
            "then": _rules(at),
        }
    return render(request, "audit/reach.html", context)


@require_safe
@login_required
def table(request: HttpRequest) -> StreamingHttpResponse:
    """Give all of it as CSV."""
    records.open_for(reader(request), "ledger")
    form = ReachForm(request.GET)
    if not form.is_valid():
        raise Invalid("The table can’t be made of this: go back to the page, which says what to change.")
    at = reach.moment(form.cleaned_data["day"], now=datetime.now(UTC))
    rows = _rows(at, form)
    return tables.download(f"reach-{at.at:%Y-%m-%d}.csv", rows)


def _ways(at: reach.Moment, form: ReachForm) -> list[Way]:
    return at.ways(**{name: form.cleaned_data[name] for name in ("person", "project", "dataset")})


def _rows(at: reach.Moment, form: ReachForm) -> Iterator[tuple[Any, ...]]:
    yield HEAD
    institutions = dict(Person.objects.values_list("pk", "institution__name"))
    try:
        for row in reach.everything(at, _ways(at, form)):
            if form.cleaned_data["only"] and not row.open:
                continue
            yield (
                f"{at.at:%Y-%m-%d}",
                row.project.title,
                row.person.name,
                row.person.email,
                institutions[row.person.pk],
                row.version.dataset.title,
                row.version.version,
                "yes" if row.open else "no",
                " ".join(row.reasons),
            )
    except Unavailable as error:
        # Too late for another answer: the file itself says that it ends too early.
        yield ("INCOMPLETE", str(error))


def _rules(at: reach.Moment) -> str:
    """Return the revision of the policies that was in force at a past moment, when it was another."""
    if at.below is None:
        return ""
    entries = Entry.objects.filter(kind=Kind.POLICY_REVISION.value, index__lt=at.below, at__lte=at.at)
    last = entries.order_by("-index").first()
    if last is None:
        return ""
    then = str(json.loads(bytes(last.leaf)).get("public", {}).get("revision", ""))
    return "" if then == _revision() else then[:12]


def _revision() -> str:
    """Return the rules' revision; empty where none are served, and then they are not answering either."""
    try:
        return policy.revision()
    except OSError:
        return ""


def _link(request: HttpRequest, **changed: str) -> str:
    given = {name: request.GET[name] for name in ReachForm.base_fields if request.GET.get(name)}
    return "?" + urlencode(given | changed)
