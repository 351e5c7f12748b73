"""A Docker that hangs takes questions and answers none: nobody waits for it long, and it is said."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub import doctor
from hub.cli import docker_engine
from hub.cli.running import Step, StepFailed
from hub.doctor import processes, sessions
from hub.engine import dock
from hub.engine.dock import Docker
from hub.errors import Unavailable
from hub.places import Places


@contextmanager
def listening() -> Iterator[tuple[Path, socket.socket]]:
    """A socket that takes connections and says nothing."""
    folder = Path(tempfile.mkdtemp(prefix="docker-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "docker.sock"))
        listener.listen()
        listener.settimeout(0)
        yield folder / "docker.sock", listener
    shutil.rmtree(folder)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A Docker that hangs, where doctor and command line look for it."""
    monkeypatch.setattr(dock, "PING_SECONDS", 0.05)
    monkeypatch.setattr(docker_engine, "PING_SECONDS", 0.05)
    with listening() as (path, listener):
        monkeypatch.setattr(docker_engine, "SOCKET", path)
        yield listener


def asked(listener: socket.socket) -> int:
    """Return how often somebody has connected since it was counted last."""
    count = 0
    while True:
        try:
            caller, _ = listener.accept()
        except BlockingIOError:
            return count
        caller.close()
        count += 1


def test_who_asks_after_one_that_was_not_answered_is_refused_at_once(
    silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(dock, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    docker = Docker(f"unix://{docker_engine.SOCKET}")
    for question in (docker.version, lambda: docker.find("one"), lambda: docker.list("a", "b")):
        with pytest.raises(Unavailable, match="Docker's engine does not answer"):
            question()
    assert asked(silent) == 1
    clock[0] += dock.SILENT_SECONDS
    with pytest.raises(Unavailable, match="Docker's engine does not answer"):
        docker.stop("one")
    assert asked(silent) == 1


def test_who_only_looks_gives_up_soon_on_one_that_hangs_after_its_sign_of_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = []

    class Client:
        def __init__(self, *, timeout: float, **_: object) -> None:
            self.timeout = timeout

        def __getattr__(self, name: str) -> Any:
            def answer(*_: object, **__: object) -> list[Any]:
                waits.append((name, self.timeout))
                return []

            return answer

    monkeypatch.setattr(dock.docker, "APIClient", Client)
    docker = Docker()
    monkeypatch.setattr(docker, "_require_life", lambda: None)
    docker.list("a", "b")
    docker.stop("one")
    docker.list("a", "b")
    soon, long = dock.LOOK_SECONDS, dock.ANSWER_SECONDS
    assert waits == [("containers", soon), ("stop", long), ("containers", soon)]
    assert soon < long


@pytest.mark.parametrize("look", [promise.look for promise in sessions.PROMISES])
def test_no_promise_about_sessions_holds_where_docker_names_none(
    look: Any, silent: socket.socket, tmp_path: Path
) -> None:
    where = Places(tmp_path, tmp_path, tmp_path, tmp_path, 31000, "unit")
    promise = next(one for one in sessions.PROMISES if one.look is look)
    (found,) = doctor.examine([promise], where)
    assert (found["ok"], found["detail"]) == (False, "could not be checked: Docker's engine does not answer")


def test_without_a_word_of_the_engine_nobody_knows_of_docker(tmp_path: Path) -> None:
    found = processes.docker(Places(tmp_path, tmp_path, tmp_path, tmp_path, 31000, "unit"))
    assert (found.ok, found.detail) == (False, "the engine does not run, or has not said yet how it is")


def test_up_starts_no_second_engine_beside_one_that_hangs(
    silent: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("it started something"))
    where = Places(tmp_path, tmp_path, tmp_path, tmp_path, 31000, "unit")
    with pytest.raises(StepFailed, match="Docker's engine hangs"):
        docker_engine.ensure(where, Step("Docker", tmp_path / "log"))
