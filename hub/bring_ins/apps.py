"""The Django app of bring-ins."""

from __future__ import annotations

from django.apps import AppConfig


class BringInsConfig(AppConfig):
    """Names the app; its label is `bring_ins`."""

    name = "hub.bring_ins"
    default_auto_field = "django.db.models.BigAutoField"
