"""The Django app of people."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    """Names the app; its label is `people`."""

    name = "hub.people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the hub's client made as it must be after each migration."""
        post_migrate.connect(_ensure_client, sender=self, dispatch_uid="parlatory_hub_client")


def _ensure_client(**kwargs: Any) -> None:
    from hub.people.identity import ensure_hub_client

    ensure_hub_client()
