"""The Django app of access."""

from __future__ import annotations

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Names the app; its label is `access`."""

    name = "hub.access"
    default_auto_field = "django.db.models.BigAutoField"
