"""Looks after sessions: a session that ends has one reason, and looks that are no more end the engine."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from hub.engine import __main__ as process
from hub.engine import container, homes, mounts
from hub.engine.dock import Container, Docker
from hub.engine.owners import Owners
from hub.engine.sessions import WHILE_AWAY, Sessions
from hub.errors import Unavailable
from hub.places import Places

SESSIONS = [f"01jsession000000000000000{number}" for number in range(2)]


class Away:
    """Docker by word alone: its containers, and what happens while one is stopped."""

    def __init__(self, found: list[Container]) -> None:
        self.found = {one.id: one for one in found}
        self.away = False
        self.stopping: list[str] = []

    def list(self, enclave: str, label: str) -> list[Container]:
        """Return all of them, or say nothing."""
        if self.away:
            raise Unavailable("Docker does not answer")
        return [] if "=" in label else list(self.found.values())

    def find(self, name: str) -> Container | None:
        """Return one."""
        return next((one for one in self.found.values() if name.endswith(one.id)), None)

    def stop(self, name: str) -> None:
        """Stop one, and remember it while it is looked at."""
        self.found[name] = replace(self.found[name], state="exited", exit_code=143)
        self.stopping.append(name)

    def log(self, name: str, cap_bytes: int) -> bytes:
        """Return nothing."""
        return b""

    def remove(self, name: str) -> None:
        """Remove one."""
        del self.found[name]


def one(session: str, *, state: str, ends_in: timedelta = timedelta(hours=1)) -> Container:
    """Return a session's container."""
    return Container(
        id=session,
        state=state,
        exit_code=None if state == "running" else 137,
        started_at=None,
        out_of_memory=False,
        labels={
            container.LABEL_ENCLAVE: "unit",
            container.LABEL_SESSION: session,
            container.LABEL_WORKSPACE: session,
            container.LABEL_ENDS_AT: (datetime.now(UTC) + ends_in).isoformat(),
        },
    )


@pytest.fixture
def where(monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """An engine's folders, of names short enough for a socket; nothing is mounted."""
    with tempfile.TemporaryDirectory() as made:
        state = Path(made)
        for name in ("engine", "sessions", "homes"):
            (state / name).mkdir()
        monkeypatch.setattr(mounts, "remove", lambda folder: None)
        monkeypatch.setattr(homes, "unmount", lambda places, workspace: None)
        monkeypatch.setattr(Owners, "gid", lambda self, name: 0)
        yield Places(checkout=state, state=state, run=state, tools=state, base_port=31000, enclave="unit")


def looked_at(monkeypatch: pytest.MonkeyPatch, sessions: Sessions, docker: Away) -> list[dict[str, Any]]:
    """Return what is shown of each session while Docker stops one, in the order in which they are stopped."""
    seen: list[dict[str, Any]] = []
    stop = docker.stop

    def watched(name: str) -> None:
        stop(name)
        seen.extend(sessions.show(one) for one in sorted(docker.found))

    monkeypatch.setattr(docker, "stop", watched)
    sessions.look()
    return seen


def test_a_session_that_is_being_ended_shows_why(where: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = Away([one(SESSIONS[0], state="running", ends_in=timedelta())])
    sessions = Sessions(cast(Docker, docker), where, Owners())
    (seen,) = looked_at(monkeypatch, sessions, docker)
    assert (seen["state"], seen["reason"]) == ("exited", "The session reached its time limit.")
    assert sessions.show(SESSIONS[0]) == seen


def test_all_that_ended_while_docker_was_away_say_so_at_every_moment(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = Away([one(session, state="exited") for session in SESSIONS])
    sessions = Sessions(cast(Docker, docker), where, Owners())
    docker.away = True
    with pytest.raises(Unavailable):
        sessions.look()
    docker.away = False
    seen = looked_at(monkeypatch, sessions, docker)
    # Both while the first is cleared away, the second while it is.
    assert [view["reason"] for view in seen] == [WHILE_AWAY] * 3
    docker.found = {"late": one("late", state="exited")}
    assert sessions.show("late")["reason"] == "The session's server ended with status 137."


def test_looks_that_end_for_an_error_nobody_foresaw_end_the_engine(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def adopt(_engine: object) -> None:
        return

    async def watch(_engine: object) -> None:
        raise KeyError("parlatory.ends-at")

    monkeypatch.setattr(process, "adopt", adopt)
    monkeypatch.setattr(process, "watch", watch)
    with pytest.raises(KeyError):
        asyncio.run(asyncio.wait_for(process.serve(where), 10))
    assert not where.engine_socket.exists()


def test_a_home_is_not_opened_where_nobody_can_say_who_holds_it(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes.image(where, "voices").touch()

    def call(*command: str) -> Any:
        assert command[0] == "losetup", f"{command[0]} was run on a home that may be in use"
        return subprocess.CompletedProcess(command, 1, "", "losetup: no loop devices can be listed")

    monkeypatch.setattr(homes, "_call", call)
    with pytest.raises(Unavailable, match="no loop devices can be listed"):
        homes.mount(where, "voices", uid=1, size_bytes=1)
