"""A place for what is brought in, a ledger of the test's own, and somebody on each side."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress_review.vault import Vault
from hub.people.models import Person, Role
from hub.places import places
from tests import own_ledger, portal, throwaway
from tests.portal import Policies


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    own_ledger.opened(tmp_path, monkeypatch)
    made = Vault(tmp_path / "vault")
    made.prepare()
    yield made
    shutil.rmtree(throwaway.state() / "bring-ins", ignore_errors=True)
    assert not (places.state / "bring-ins").exists()


@pytest.fixture
def author(policies: Policies) -> Person:
    return portal.person("rosa", Role.RESEARCHER)


@pytest.fixture
def checker() -> Person:
    return portal.person("chloe", Role.OUTPUT_CHECKER, second_factor=True)
