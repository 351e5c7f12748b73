"""A browser of an auditor, and a ledger of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from hub.ledger.tiles import Tiles
from hub.people.models import Person, Role
from tests import own_ledger, portal


@pytest.fixture
def tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiles:
    """The folder that this test's ledger is published in."""
    return own_ledger.opened(tmp_path, monkeypatch)


@pytest.fixture
def ada() -> Person:
    """An auditor."""
    return portal.person("ada", Role.AUDITOR)


@pytest.fixture
def reads(ada: Person) -> Client:
    """A browser in which the auditor is signed in, on the portal's own host."""
    client = Client(HTTP_HOST="portal.localhost:8000")
    client.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
