"""Fixtures of the release path: a vault of its own, and policies that answer as the test says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egress_review import views
from egress_review.screenings import Bench
from egress_review.uploads import UploadLimits
from egress_review.vault import Vault
from hub import policy
from hub.ledger.tiles import Tiles
from tests import own_ledger
from tests.unit.egress_review.stand_ins import FakeScreener, Policies


@pytest.fixture(autouse=True)
def policies(monkeypatch: pytest.MonkeyPatch) -> Policies:
    """Answer instead of OPA."""
    stand_in = Policies()
    monkeypatch.setattr(policy, "ask", stand_in.ask)
    return stand_in


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiles:
    """A ledger of the test's own, that receipts are proved by."""
    return own_ledger.opened(tmp_path, monkeypatch)


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """A vault that the pages use as well."""
    made = Vault(tmp_path / "vault")
    made.prepare()
    monkeypatch.setattr(views, "vault", made)
    yield made


@pytest.fixture
def screener(tmp_path: Path) -> FakeScreener:
    """A screener that answers as the test says."""
    return FakeScreener(out=tmp_path / "out")


@pytest.fixture
def bench(vault: Vault, tmp_path: Path, screener: FakeScreener) -> Bench:
    """What a screening needs, without an engine."""
    return Bench(vault=vault, screener=screener, limits=UploadLimits())
