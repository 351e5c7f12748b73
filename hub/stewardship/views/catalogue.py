"""The catalogue and a dataset's page: for everybody signed in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from egress_review.indexes import RETRY_SECONDS
from hub.datasets import datasheets, leak_index, stewards
from hub.datasets.models import Dataset, DatasetVersion, VersionFacts
from hub.people.models import Person, Role
from hub.people.signed_in import login_required, reader, roles
from hub.stewardship import drawn, facets, paging, reach, tiers
from hub.stewardship.facets import Row

RESEARCHERS = {Role.RESEARCHER, Role.PROJECT_LEAD}
OVERSEERS = {Role.ADMIN, Role.AUDITOR}
LOOK_AGAIN_SECONDS = 10
# Who can use it nowhere reads first about so many of their projects; the others are a click away.
MOST_REFUSALS = 3


@login_required
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """List the datasets, narrowed by search and facets; that one exists is no secret in here."""
    person = reader(request)
    usable = reach.usable(person) if roles(request) & RESEARCHERS else frozenset()
    datasets = Dataset.objects.select_related("institution", "steward").prefetch_related("versions")
    rows = [Row(one, next(iter(one.versions.all()), None), one.id in usable) for one in datasets]
    found, narrowing = facets.narrowed(rows, request.GET)
    if not roles(request) & RESEARCHERS:
        narrowing = [facet for facet in narrowing if facet.name != "use"]
    context = {
        "page": paging.page(request, found),
        "query": paging.others(request),
        "facets": narrowing,
        "q": request.GET.get("q", ""),
        "chosen": any(choice.chosen for facet in narrowing for choice in facet.choices),
        "all": len(rows),
        "stewards": Role.DATA_STEWARD in roles(request),
    }
    return render(request, "datasets/catalogue.html", context)


@login_required
@require_GET
def dataset(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one dataset: facts, terms, datasheet, versions, and whether the reader may use it."""
    person = reader(request)
    shown = get_object_or_404(Dataset.objects.select_related("institution", "steward"), slug=slug)
    versions = list(shown.versions.select_related("measured"))
    sheet = shown.datasheets.first()
    # Which links are shown; whether they work is the policies' answer.
    steward = shown.steward_id == person.id
    context = {
        "dataset": shown,
        "versions": [(version, leak_index.of(version)) for version in versions],
        "tier": tiers.meaning(shown.tier),
        "sheet": sheet,
        "sections": datasheets.shown(sheet),
        "is_steward": steward,
        "retried": RETRY_SECONDS,
        "left_alone": Role.ADMIN in roles(request) and _is_left_alone(shown),
        "oversees": steward or bool(roles(request) & OVERSEERS),
        "researches": bool(roles(request) & RESEARCHERS),
        **_facts(_chosen(versions, request.GET.get("version"))),
        **_reach(request, person, shown),
    }
    answer = render(request, "datasets/dataset.html", context)
    if steward and any(index.state is leak_index.IndexState.DUE for _, index in context["versions"]):
        # Its steward waits for it; the page has no form, so nothing typed is lost.
        answer.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return answer


@login_required
@require_GET
def datasheet(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a datasheet in one of its wordings, and when each was written."""
    shown = get_object_or_404(Dataset, slug=slug)
    sheets = list(shown.datasheets.select_related("written_by"))
    asked = request.GET.get("number", "")
    chosen = next((sheet for sheet in sheets if str(sheet.number) == asked), next(iter(sheets), None))
    context = {
        "dataset": shown,
        "sheet": chosen,
        "sections": datasheets.shown(chosen),
        "changes": datasheets.changes(sheets),
    }
    return render(request, "datasets/datasheet.html", context)


def _is_left_alone(dataset: Dataset) -> bool:
    """Whether its steward can't sign in any more and somebody could take it over: an admin is led there."""
    gone = not dataset.steward.is_active or dataset.steward.is_suspended
    return gone and stewards.candidates(dataset).exists()


def _chosen(versions: list[DatasetVersion], asked: str | None) -> DatasetVersion | None:
    return next((one for one in versions if one.version == asked), next(iter(versions), None))


def _facts(version: DatasetVersion | None) -> dict[str, Any]:
    measured: VersionFacts | None = getattr(version, "measured", None)
    facts = measured.facts if measured else {}
    return {"chosen": version, "measured": measured, "facts": facts, "plots": drawn.of(facts)}


def _reach(request: HttpRequest, person: Person, shown: Dataset) -> dict[str, Any]:
    if not roles(request) & RESEARCHERS:
        return {}
    answers = reach.answers(person, shown)
    usable = [answer for answer in answers if answer.allow]
    first = usable or answers[:MOST_REFUSALS]
    return {"answers": first, "usable": bool(usable), "refused": answers[len(first) :]}
