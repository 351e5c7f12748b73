"""The Django app of people."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Names the app; its label is `people`."""

    name = "hub.people"
    default_auto_field = "django.db.models.BigAutoField"
