"""A ledger for one test: its own folder and its own key, over whatever database the test has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger import publisher
from hub.ledger.checkpoint import Signer
from hub.ledger.tiles import Tiles
from hub.places import places


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tiles:
    """Let the publisher write below `folder`, signed with a key that no other test has."""
    (folder / "ledger").mkdir()
    signer = Signer(publisher.origin(), Ed25519PrivateKey.generate())
    monkeypatch.setattr(publisher, "places", replace(places, state=folder))
    monkeypatch.setattr(publisher, "signer", lambda: signer)
    return Tiles(folder / "ledger")
