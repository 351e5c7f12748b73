"""Lists in pages of fifty."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

A_PAGE = 50


def page(request: HttpRequest, rows: Any, *, name: str = "page") -> Page[Any]:
    """Return the page that is asked for; a number that is none is the first or the last."""
    return Paginator(rows, A_PAGE).get_page(request.GET.get(name))


def others(request: HttpRequest, *, name: str = "page") -> str:
    """Return the rest of what is asked for, to be kept in links to other pages."""
    asked = request.GET.copy()
    asked.pop(name, None)
    return asked.urlencode()
