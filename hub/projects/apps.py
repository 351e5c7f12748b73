"""The Django app of projects."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Names the app; its label is `projects`."""

    name = "hub.projects"
    default_auto_field = "django.db.models.BigAutoField"
