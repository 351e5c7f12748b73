"""The Django app of stewardship."""

from __future__ import annotations

from django.apps import AppConfig


class StewardshipConfig(AppConfig):
    """Names the app; its label is `stewardship`."""

    name = "hub.stewardship"
    default_auto_field = "django.db.models.BigAutoField"
