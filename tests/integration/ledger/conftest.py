"""The verifier that nobody here wrote, and an enclave's state folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger import publisher
from hub.ledger.checkpoint import Signer
from hub.ledger.tiles import Tiles
from hub.places import places

FSCK = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"


@pytest.fixture(scope="session")
def fsck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tlog-tiles verifier of the Tessera project, built once and kept among the enclave's tools."""
    kept = places.tools / "bin" / "fsck"
    if kept.is_file():
        return kept
    folder = places.tools / "bin" if os.access(places.tools, os.W_OK) else tmp_path_factory.mktemp("bin")
    folder.mkdir(parents=True, exist_ok=True)
    # Go from the wheel beside this Python, else the machine's.
    wheel = Path(sys.executable).with_name("go")
    go = str(wheel) if wheel.exists() else shutil.which("go")
    assert go, "no Go to build fsck with: `pip install .[opa]` brings one"
    subprocess.run([go, "install", FSCK], env={**os.environ, "GOBIN": str(folder)}, check=True, timeout=600)
    return folder / "fsck"


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
