"""The Django app of workspaces."""

from __future__ import annotations

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """Names the app; its label is `workspaces`."""

    name = "hub.workspaces"
    default_auto_field = "django.db.models.BigAutoField"
