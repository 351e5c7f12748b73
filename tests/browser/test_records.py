"""What the loop left behind: a ledger that outsiders verify, and promises that hold while somebody works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.fsck import fsck, verified
from tests.people import People

__all__ = ["fsck"]

PROJECT = "pitch-across-languages"
# They ask for people so that they run with the browser's tests, and so behind what most of the ledger is of.
pytestmark = pytest.mark.usefixtures("people")


def test_the_enclaves_ledger_passes_a_verifier_nobody_here_wrote(
    enclave: Enclave, fsck: Path, tmp_path: Path
) -> None:
    """Tessera's fsck finds the running enclave's ledger sound, and a copy with a flipped byte not."""
    state = enclave.places.state
    enclave.as_user(
        "portal", "import django; django.setup()\nfrom hub.ledger import publisher\npublisher.publish()"
    )
    key = state / "keys" / "ledger.pub"
    copy = tmp_path / "ledger"
    subprocess.run(["cp", "-r", str(state / "ledger"), str(copy)], check=True)
    assert verified(fsck, copy, key)
    # Smaller partial tiles are history that nobody reads: the newest one, or the full one, counts.
    tile = copy / "tile" / "0" / "000"
    if not tile.is_file():
        tile = max(tile.with_suffix(".p").iterdir(), key=lambda path: int(path.name))
    data = tile.read_bytes()
    tile.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert not verified(fsck, copy, key)


@pytest.mark.timeout(240)
def test_every_promise_holds_while_a_session_runs(people: People, enclave: Enclave) -> None:
    """`doctor` looks at the real container of a real session and finds nothing amiss."""
    page = people.page("researcher1")
    workspace.start(page, enclave, PROJECT)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "hub", "doctor", "--json"],
            cwd=enclave.places.checkout,
            capture_output=True,
            text=True,
            timeout=120,
        )
        promises = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        broken = [promise for promise in promises if not promise["ok"]]
        assert len(promises) >= 19
        assert not broken, broken
        seen = next(promise for promise in promises if "has a network" in promise["promise"])
        assert "0 containers" not in seen["detail"], "the doctor did not see the running session"
        health = httpx.get(f"{enclave.places.url('portal')}/health/", headers={"Host": "127.0.0.1"})
        assert (health.status_code, health.json()["broken"]) == (200, []), health.text
    finally:
        workspace.stop(page, enclave, PROJECT)


def test_the_enclave_looks_at_its_promises_by_itself(enclave: Enclave) -> None:
    """The process `doctor` has looked since the start, and found nothing amiss when all was up."""
    log = enclave.places.state / "log" / "doctor.log"

    def looks() -> list[dict[str, Any]]:
        """Return each look that has ended; the first begins once every part answers."""
        whole = log.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
        return [said for line in whole if (said := json.loads(line))["event"] == "promises_looked_at"]

    first = until(looks, seconds=120, what="it has looked for the first time")[0]
    assert first["fields"]["broken"] == 0, log.read_text(encoding="utf-8")
