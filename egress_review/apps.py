"""The Django app of everything that leaves."""

from __future__ import annotations

from django.apps import AppConfig


class EgressReviewConfig(AppConfig):
    """Submissions, reviews and releases."""

    name = "egress_review"
    label = "egress_review"
    verbose_name = "Releases"
    default_auto_field = "django.db.models.BigAutoField"
