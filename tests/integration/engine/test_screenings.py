"""Screenings on the real engine: what ends how, and what is left to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.engine import container
from hub.engine.dock import Docker
from hub.engine.owners import Owners
from hub.engine.screenings import Screenings
from tests.engine_room import Room, new_id

pytest_plugins = ["tests.engine_fixtures"]

WRITE = "pathlib.Path('/out/verdict.json').write_text('{}')"


def screened(room: Room, code: str) -> tuple[str, dict[str, Any]]:
    screening = room.submission(code)
    status, said = room.ask("worker", "POST", "/screenings", {"id": screening})
    assert status == 200, said
    return screening, said


def test_a_verdict_is_left_to_read_until_it_is_cleared(room: Room) -> None:
    screening, said = screened(room, WRITE)
    assert (said["outcome"], said["exit_code"]) == ("finished", 0)
    assert (Path(said["out"]) / "verdict.json").read_text() == "{}"
    assert room.engine.docker.find(f"{room.places.enclave}-screening-{screening}") is None
    assert room.ask("worker", "DELETE", f"/screenings/{screening}")[0] == 200
    assert not (room.places.run / "screenings" / screening).exists()


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("sys.exit(3)", "crashed"),
        ("os.kill(os.getpid(), 9)", "crashed"),
        ("x = bytearray(1 << 28); x[::4096] = b'y' * len(x[::4096])", "out of memory"),
    ],
)
def test_every_other_end_is_named(
    room: Room, monkeypatch: pytest.MonkeyPatch, code: str, outcome: str
) -> None:
    # Small, so that using it up takes no time.
    monkeypatch.setattr(container, "SCREENER_MEMORY_BYTES", 64 << 20)
    screening, said = screened(room, code)
    assert said["outcome"] == outcome
    room.ask("worker", "DELETE", f"/screenings/{screening}")


def test_what_takes_too_long_is_ended(room: Room) -> None:
    hurried = Screenings(Docker(), room.places, Owners(), limit_seconds=1)
    screening = room.submission("time.sleep(60)")
    assert hurried.run(screening)["outcome"] == "timed out"
    assert room.engine.docker.find(f"{room.places.enclave}-screening-{screening}") is None
    hurried.clear(screening)


def test_a_screening_is_run_once_until_it_is_cleared(room: Room) -> None:
    screening, _ = screened(room, WRITE)
    assert room.ask("worker", "POST", "/screenings", {"id": screening})[0] == 409
    room.ask("worker", "DELETE", f"/screenings/{screening}")
    assert room.ask("worker", "POST", "/screenings", {"id": screening})[0] == 200
    room.ask("worker", "DELETE", f"/screenings/{screening}")


def test_a_restarted_engine_clears_screenings(room: Room) -> None:
    screening, _ = screened(room, WRITE)
    room.engine.screenings.adopt()
    assert not (room.places.run / "screenings" / screening).exists()


def test_a_submission_that_is_not_there_is_refused(room: Room) -> None:
    status, said = room.ask("worker", "POST", "/screenings", {"id": new_id()})
    assert (status, "cannot be mounted" in said["error"]) == (403, True)


READ = """
for number in (0, 1):
    at = pathlib.Path(f"/index/{number}/index.json")
    print(number, at.read_text() if at.exists() else "absent")
try:
    pathlib.Path("/index/0/new").write_text("x")
    print("written")
except OSError as error:
    print("not written")
pathlib.Path("/out/verdict.json").write_text(pathlib.Path("/index/0/index.json").read_text())
"""


def index(room: Room, dataset: str, version: str) -> Path:
    """Put a leak index where the engine looks for it."""
    folder = room.places.state / "indexes" / dataset / version
    folder.mkdir(parents=True)
    (folder / "index.json").write_text(json.dumps({"dataset": dataset}))
    return folder


def test_a_screening_reads_the_leak_indexes_it_was_given_and_no_other(room: Room) -> None:
    given = index(room, f"given-{new_id()}", "1.0")
    index(room, f"other-{new_id()}", "1.0")
    screening = room.submission(READ)
    pair = [given.parent.name, "1.0"]
    status, said = room.ask("worker", "POST", "/screenings", {"id": screening, "indexes": [pair]})
    assert (status, said["outcome"]) == (200, "finished"), said
    verdict = json.loads((Path(said["out"]) / "verdict.json").read_text())
    assert verdict == {"dataset": given.parent.name}
    assert sorted(path.name for path in given.iterdir()) == ["index.json"]
    room.ask("worker", "DELETE", f"/screenings/{screening}")


@pytest.mark.parametrize(
    ("indexes", "status"),
    [
        ([["..", ".."]], 403),
        ([["a/b", "1.0"]], 403),
        ([["", "1.0"]], 403),
        ([["a", None]], 403),
        ([["absent-dataset", "1.0"]], 403),
        ([["a"]], 400),
        ("a", 400),
        ([["a", "1.0"]] * 65, 400),
    ],
)
def test_an_index_is_named_by_dataset_and_version_alone(room: Room, indexes: object, status: int) -> None:
    screening = room.submission(WRITE)
    answered, said = room.ask("worker", "POST", "/screenings", {"id": screening, "indexes": indexes})
    assert answered == status, said
    assert not (room.places.run / "screenings" / screening).exists()


def test_an_index_that_is_a_link_is_refused(room: Room, tmp_path: Path) -> None:
    (room.places.state / "indexes").mkdir(exist_ok=True)
    (room.places.state / "indexes" / "linked").symlink_to(tmp_path)
    (tmp_path / "1.0").mkdir()
    screening = room.submission(WRITE)
    body = {"id": screening, "indexes": [["linked", "1.0"]]}
    status, said = room.ask("worker", "POST", "/screenings", body)
    assert (status, "cannot be mounted" in said.get("error", "")) == (403, True)
    assert not (room.places.run / "screenings" / screening).exists()
