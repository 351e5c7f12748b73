"""The Django app of notices."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Names the app; its label is `notices`."""

    name = "hub.notices"
    default_auto_field = "django.db.models.BigAutoField"
