"""Pages about datasets: what there is, and what is in it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from hub.datasets import leak_index, services
from hub.datasets.models import Dataset
from hub.people.signed_in import login_required, reader


@login_required
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """List every dataset; that one exists is no secret in here."""
    datasets = Dataset.objects.select_related("institution", "steward").prefetch_related("versions")
    return render(request, "datasets/catalogue.html", {"datasets": datasets})


@login_required
@require_GET
def dataset(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one dataset: its facts, versions and licence."""
    shown = get_object_or_404(Dataset.objects.select_related("institution", "steward"), slug=slug)
    person = reader(request)
    # Which buttons are shown; whether they work is the policies' answer.
    context = {
        "dataset": shown,
        "versions": [(version, leak_index.of(version)) for version in shown.versions.all()],
        "is_steward": shown.steward_id == person.id,
    }
    return render(request, "datasets/dataset.html", context)


@login_required
@require_POST
def suspend(request: HttpRequest, slug: str) -> HttpResponse:
    """Suspend a dataset."""
    shown = get_object_or_404(Dataset, slug=slug)
    services.suspend(by=reader(request), dataset=shown, reason=request.POST.get("reason", ""))
    messages.success(request, f"{shown.title} is suspended; sessions using it end within seconds.")
    return redirect("datasets:dataset", slug)


@login_required
@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """End a dataset's suspension."""
    shown = get_object_or_404(Dataset, slug=slug)
    services.resume(by=reader(request), dataset=shown)
    messages.success(request, f"{shown.title} may be used again.")
    return redirect("datasets:dataset", slug)
