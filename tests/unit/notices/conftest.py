"""A ledger of the test's own, and a place for what is handed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egress_review.vault import Vault
from hub.ledger.tiles import Tiles
from tests import own_ledger


@pytest.fixture(autouse=True)
def tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiles:
    return own_ledger.opened(tmp_path, monkeypatch)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = Vault(tmp_path / "vault")
    made.prepare()
    yield made
