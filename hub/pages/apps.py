"""The Django app of pages."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Names the app; its label is `pages`."""

    name = "hub.pages"
