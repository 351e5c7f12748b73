"""The engine as a process: its socket, its callers, and a running session found again after a restart."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hub.grant import Grant
from tests.engine_room import Room

pytest_plugins = ["tests.engine_fixtures"]


@contextmanager
def process(room: Room) -> Iterator[Room]:
    """Run `python -m hub.engine` on the room's state, with a run folder's socket of its own."""
    own = replace(room.places, run=room.places.run)
    here = {
        **os.environ,
        "PARLATORY_STATE": str(own.state),
        "PARLATORY_RUN": str(own.run),
        "PARLATORY_ENCLAVE": own.enclave,
    }
    parked = own.engine_socket.rename(own.engine_socket.with_suffix(".parked"))
    engine = subprocess.Popen([sys.executable, "-m", "hub.engine"], cwd=own.checkout, env=here)
    try:
        deadline = time.monotonic() + 20
        while not own.engine_socket.exists():
            assert time.monotonic() < deadline and engine.poll() is None
            time.sleep(0.1)
        yield room
    finally:
        engine.terminate()
        assert engine.wait(20) == 0
        parked.rename(own.engine_socket)


def test_a_started_process_finds_running_sessions_and_ends_them(room: Room) -> None:
    with room.session() as grant, process(room):
        assert room.ask("root", "GET", "/health")[0] == 200
        assert _state(room, grant) == "running"
        assert room.inside(grant, "print('never noticed')") == "never noticed"
        assert room.ask(61_999, "GET", "/health")[0] == 403
        assert room.ask("root", "DELETE", f"/sessions/{grant.session}")[0] == 200
        assert not Path(room.places.session(grant.session)).exists()


def _state(room: Room, grant: Grant) -> str:
    return str(room.ask("root", "GET", f"/sessions/{grant.session}")[1]["state"])
