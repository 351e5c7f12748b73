"""The enclave's health: whether its promises hold; which one doesn't is said inside and to admins only."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from hub import doctor
from hub.doctor import standing
from hub.doctor.standing import Standing
from hub.pages.hosts import is_inside
from hub.places import places


@require_GET
def portal(_request: HttpRequest) -> HttpResponse:
    """Say that the portal answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"portal": "ok"})


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Say whether every promise holds, 200 or 503; the enclave's own host names read which doesn't."""
    found = standing_now()
    said: dict[str, object] = {"ok": found.ok}
    if is_inside(request):
        said["looked_at"] = found.looked_at
        said["broken"] = [asdict(stand) for stand in found.broken]
    return JsonResponse(said, status=HTTPStatus.OK if found.ok else HTTPStatus.SERVICE_UNAVAILABLE)


def standing_now() -> Standing:
    """Return how each promise stands now."""
    return standing.read(places, doctor.PROMISES, at=datetime.now(UTC))
