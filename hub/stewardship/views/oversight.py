"""What became of a dataset, and how two of its versions differ: for those who oversee it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from hub.datasets import services
from hub.datasets.models import Dataset
from hub.people.signed_in import login_required, reader
from hub.stewardship import comparison, paging
from hub.stewardship import use as uses


@login_required
@require_GET
def use(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which projects may use a dataset, who does now, and what left; reading that is on the ledger."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    allowed = uses.open_for(reader(request), shown)
    with transaction.atomic():
        allowed.use()
    versions = set(shown.versions.values_list("pk", flat=True))
    context = {
        "dataset": shown,
        "approvals": paging.page(request, uses.approvals(shown)),
        "sessions": uses.sessions(versions),
        "releases": paging.page(request, uses.releases(versions), name="releases"),
        "query": paging.others(request),
        "releases_query": paging.others(request, name="releases"),
        "today": datetime.now(UTC).date(),
    }
    return render(request, "datasets/use.html", context)


@login_required
@require_GET
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how two versions differ; recordings and speakers are named, so it is the steward's page."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    services.may(reader(request), dataset=shown, change="edit")
    versions = list(shown.versions.all())
    by_name = {version.version: version for version in versions}
    # The newest beside the one before it, unless others are asked for.
    older = by_name.get(request.GET.get("older", "")) or next(iter(versions[1:2]), None)
    newer = by_name.get(request.GET.get("newer", "")) or next(iter(versions[:1]), None)
    pair = (older, newer) if older and newer and older != newer else None
    measured = pair is not None and comparison.is_measured(*pair)
    context = {
        "dataset": shown,
        "versions": versions,
        "older": older,
        "newer": newer,
        "waits": pair is not None and not measured,
        "difference": comparison.of(*pair) if pair and measured else None,
        "most": comparison.MOST_NAMED,
    }
    return render(request, "datasets/compare.html", context)
