"""Views know their reader as a Person, never as somebody anonymous."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest

from hub.errors import Refused
from hub.people.models import Person

__all__ = ["login_required", "reader"]


def reader(request: HttpRequest) -> Person:
    """Return who is reading this page."""
    if not isinstance(request.user, Person):
        raise Refused(["Sign in to see this page."])
    return request.user
