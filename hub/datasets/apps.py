"""The Django app of datasets."""

from __future__ import annotations

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Names the app; its label is `datasets`."""

    name = "hub.datasets"
    default_auto_field = "django.db.models.BigAutoField"
