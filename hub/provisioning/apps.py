"""The Django app of provisioning."""

from __future__ import annotations

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """Names the app; its label is `provisioning`."""

    name = "hub.provisioning"
