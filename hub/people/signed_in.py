"""Views know their reader as a Person, never as somebody anonymous."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest

from hub.errors import Refused
from hub.people.models import Person, Role

__all__ = ["login_required", "reader", "roles"]


def reader(request: HttpRequest) -> Person:
    """Return who is reading this page."""
    if not isinstance(request.user, Person):
        raise Refused(["Sign in to see this page."])
    return request.user


def roles(request: HttpRequest) -> frozenset[Role]:
    """Return the roles that the reader holds today, as `hub.people.standing` found; none before sign-in."""
    found: frozenset[Role] = getattr(request, "roles", frozenset())
    return found
