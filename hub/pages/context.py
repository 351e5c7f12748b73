"""What every page's frame needs to know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from hub.notices import services
from hub.people.models import Person
from hub.people.signed_in import roles
from hub.places import places


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the addresses and roles that the frame of each page shows."""
    person = getattr(request, "user", None)
    unread = services.unread(person) if isinstance(person, Person) else 0
    return {
        "lab_url": places.lab_url,
        "roles": roles(request),
        "unread": unread,
        "signed_in": person is not None and person.is_authenticated,
    }
