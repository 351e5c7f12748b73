"""Attacks by files that take a real screener over: whatever it said before it broke counts for nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from egress_review import screenings
from egress_review.models import Finding, Severity
from egress_review.screener import End, Indexes, Ran
from egress_review.screenings import Bench
from egress_review.states import State
from egress_review.uploads import UploadLimits
from egress_review.vault import Vault
from hub.engine import container
from tests.engine_room import Broken, Room
from tests.unit.egress_review.conftest import ledger, policies
from tests.unit.egress_review.factories import submission

__all__ = ["ledger", "policies"]

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = pytest.mark.django_db

# What took the screener over says that everything may leave, before it ends as the test says.
PASS = """
files = [file["id"] for file in request["files"]]
for file in files:
    pathlib.Path("/out", file).write_bytes(b"vowel,speakers\\r\\na,12\\r\\n")
judged = [{"id": file, "kind": "table", "media_type": "text/csv", "canonical": True,
           "canonical_name": "table.csv"} for file in files]
verdict = {"version": 2, "outcome": "pass", "files": judged, "findings": []}
pathlib.Path("/out/verdict.json").write_text(json.dumps(verdict))
"""
ENDS = {
    "crashed": "sys.exit(3)",
    "killed": "os.kill(os.getpid(), 9)",
    "out of memory": "x = bytearray(1 << 28); x[::4096] = b'y' * len(x[::4096])",
}
LIMIT_SECONDS, SLOW = 5.0, "time.sleep(20)"


class InTheRoom:
    """The engine's screener, asked as the worker asks it."""

    def __init__(self, room: Room) -> None:
        self.room = room

    def run(self, submission: str, indexes: Indexes) -> Ran:
        """Screen, and wait."""
        body = {"id": submission, "indexes": list(indexes)}
        status, said = self.room.ask("worker", "POST", "/screenings", body)
        if status != 200:
            raise Broken(said)
        return Ran(end=End(said["outcome"]), exit_code=said["exit_code"], out=Path(said["out"]))

    def clear(self, submission: str) -> None:
        """Remove what is left."""
        self.room.ask("worker", "DELETE", f"/screenings/{submission}")


def screened(room: Room, monkeypatch: pytest.MonkeyPatch, ending: str) -> str:
    """Screen a submission that takes the screener over; return what becomes of it."""
    request = screenings._request

    def loaded(*arguments: Any, **options: Any) -> dict[str, object]:
        return {**request(*arguments, **options), "code": PASS + ending}

    monkeypatch.setattr(screenings, "_request", loaded)
    monkeypatch.setattr(container, "SCREENER_MEMORY_BYTES", 64 << 20)
    monkeypatch.setattr(room.engine.screenings, "_limit", LIMIT_SECONDS)
    vault = Vault(room.places.state / "vault")
    vault.prepare()
    made = submission(vault=vault)
    claimed = screenings.claim(worker="w", at=datetime.now(UTC))
    assert claimed is not None and claimed.pk == made.pk
    bench = Bench(vault=vault, screener=InTheRoom(room), limits=UploadLimits())
    screenings.screen(claimed, bench=bench)
    made.refresh_from_db()
    return State(made.state).value


def test_a_screener_that_ends_well_is_believed_or_no_attack_says_anything(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert screened(room, monkeypatch, "") == "in_review"


@pytest.mark.parametrize("ending", ENDS)
def test_a_screener_that_broke_blocks_whatever_it_said_before(
    room: Room, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    assert screened(room, monkeypatch, ENDS[ending]) == "blocked"


def test_a_screening_that_needs_too_much_memory_says_so_and_the_next_one_passes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert screened(room, monkeypatch, ENDS["out of memory"]) == "blocked"
    finding = Finding.objects.get(severity=Severity.BLOCK)
    assert finding.message == "The screening of these files needed too much memory, so they can't leave."
    monkeypatch.undo()
    assert screened(room, monkeypatch, "") == "in_review"


def test_a_screener_that_takes_too_long_blocks_whatever_it_said_before(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert screened(room, monkeypatch, SLOW) == "blocked"


LOOK = """
def may(act):
    try:
        act()
    except OSError:
        return False
    return True
seen = [name for name in os.listdir("/sys/class/net") if name != "lo"]
seen += [name for name in ("/in/new", "/index/new", "/new") if may(lambda: open(name, "w"))]
pathlib.Path("/out/seen.json").write_text(json.dumps(seen))
"""


def test_a_screener_has_no_network_and_writes_nowhere_but_its_verdict(room: Room) -> None:
    screening = room.submission(LOOK)
    folder = room.places.state / "vault" / "screening" / screening / "in"
    # Even where a careless writer left the folder open to everybody.
    folder.chmod(0o777)
    status, said = room.ask("worker", "POST", "/screenings", {"id": screening})
    assert (status, said["outcome"]) == (200, "finished"), said
    seen = json.loads((Path(said["out"]) / "seen.json").read_text())
    room.ask("worker", "DELETE", f"/screenings/{screening}")
    assert seen == []
