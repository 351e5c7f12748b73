"""The page of what the enclave achieves; small counts as they are only to those whom the policies let."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.audit import denials, impact
from hub.audit.filters import Filter
from hub.people import permission, records
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.policy import questions

SPANS = {"30": "30 days", "90": "90 days", "365": "a year"}
DEFAULT = "90"


class SpanForm(forms.Form):
    """How far to look back."""

    days = forms.ChoiceField(required=False, label="The last", choices=list(SPANS.items()), initial=DEFAULT)


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show how long results take, what waits, who uses what and what is refused."""
    person = reader(request)
    exact = _exact(person)
    records.open_for(person, "impact" if exact else "impact_rounded")
    form = SpanForm({"days": request.GET.get("days", DEFAULT)})
    days = form.cleaned_data["days"] or DEFAULT if form.is_valid() else DEFAULT
    now = datetime.now(UTC)
    since = now - timedelta(days=int(days))
    context = {"form": form, "exact": exact, "small": impact.SMALL, "since": since}
    return render(request, "audit/impact.html", context | _figures(since, now, exact=exact))


def _exact(person: Person) -> bool:
    """Ask whether small counts may be shown as they are; what is then read is written down by `records`."""
    return permission.would(
        person, ask=lambda who, at: questions.ReadRecords(person=who, at=at, records="impact")
    )


def _figures(since: datetime, now: datetime, *, exact: bool) -> dict[str, Any]:
    used = impact.uses(since, now)
    half, most = impact.times(since, now, exact=exact)
    refused = denials.counted(Filter(since=since.date()))
    return {
        "half": half,
        "most": most,
        "ages": impact.ages(now, exact=exact),
        "outcomes": impact.outcomes(since, exact=exact),
        "by_dataset": impact.drawn("Sessions by dataset", used.datasets, exact=exact),
        "by_institution": impact.drawn("Sessions by institution", used.institutions, exact=exact),
        "datasets": impact.rows(used.datasets, exact=exact),
        "institutions": impact.rows(used.institutions, exact=exact),
        "refusals": _ranked(refused, exact=exact),
        "blocked": _ranked(impact.blocked(since), exact=exact),
    }


def _ranked(counts: Counter[str], *, exact: bool) -> list[denials.Ranked]:
    if exact:
        return denials.ranked(counts)
    return denials.ranked(
        Counter({name: impact.rounded(count) for name, count in counts.items() if impact.rounded(count)})
    )
