"""The Django app of the auditor's pages."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app; its label is `audit`."""

    name = "hub.audit"
    default_auto_field = "django.db.models.BigAutoField"
