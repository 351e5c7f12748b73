"""What every page's frame needs to know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from hub.people.models import Role
from hub.places import places


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the addresses and roles that the frame of each page shows."""
    person = getattr(request, "user", None)
    roles: frozenset[Role] = getattr(request, "roles", frozenset())
    return {
        "lab_url": places.lab_url,
        "roles": roles,
        "signed_in": person is not None and person.is_authenticated,
    }
