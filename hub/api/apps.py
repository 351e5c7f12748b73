"""The Django app of the API."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Names the app; its label is `api`."""

    name = "hub.api"
    default_auto_field = "django.db.models.BigAutoField"
