"""The pages of the way out through Django's client: a demo portal, policies that answer as the test says."""

from __future__ import annotations

import pytest

from tests.unit.conftest import _no_network, _no_waiting_for_disks, _quick, remote
from tests.unit.egress_review.conftest import bench, ledger, policies, screener, vault

__all__ = [
    "_no_network",
    "_no_waiting_for_disks",
    "_quick",
    "bench",
    "ledger",
    "policies",
    "remote",
    "screener",
    "vault",
]


@pytest.fixture(autouse=True)
def _portal(settings: pytest.FixtureRequest) -> None:
    """A demo portal: nobody is sent to enrol a second factor, static files need no manifest."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR = True
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
