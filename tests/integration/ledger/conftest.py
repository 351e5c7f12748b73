"""The verifier that nobody here wrote, and an enclave's state folder of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger import publisher
from hub.ledger.checkpoint import Signer
from hub.ledger.tiles import Tiles
from hub.places import places
from tests.fsck import fsck

__all__ = ["fsck"]


@pytest.fixture
def signer() -> Signer:
    return Signer(publisher.origin(), Ed25519PrivateKey.generate())


@pytest.fixture
def tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signer: Signer) -> Tiles:
    """The folder into which this test publishes, with a key of its own."""
    (tmp_path / "ledger").mkdir()
    monkeypatch.setattr(publisher, "places", replace(places, state=tmp_path))
    monkeypatch.setattr(publisher, "signer", lambda: signer)
    return Tiles(tmp_path / "ledger")
