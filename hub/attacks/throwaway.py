"""A session with no data and no person, started by the running engine, of which nothing stays."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub import ids
from hub.cli import asking, programs
from hub.engine import homes
from hub.engine.images import builder
from hub.errors import Unavailable
from hub.gate import socketpath
from hub.grant import Grant, sign
from hub.kernels import Door, bare
from hub.places import USERS, Places

MIB = 1 << 20
# Far above what the portal gives to workspaces, which it counts up from the lowest.
UID = 2_000_000_001
LONGEST = timedelta(minutes=15)
READY_SECONDS = 60.0
AS_HUB = (
    "import pathlib, sys; from hub.cli import asking; "
    "answer = asking.ask(pathlib.Path(sys.argv[1]), '/sessions', method='POST', timeout=60, "
    "body={'grant': sys.stdin.read()}); print(answer.status, answer.text)"
)


@dataclass(frozen=True)
class Session:
    """A running session, and what it was granted."""

    grant: Grant
    socket_folder: Path

    @contextmanager
    def door(self) -> Iterator[Door]:
        """Yield the way to its server, its socket checked as the gate checks it."""
        base = f"/user/{self.grant.person}/{self.grant.server}/"
        with socketpath.opened(self.socket_folder) as path:
            yield bare(Path(path), base)


@contextmanager
def session(places: Places) -> Iterator[Session]:
    """Yield a session; its container, home and log are gone afterwards, its grant stays noted as used."""
    image = builder.needed(places.state, "workspace")
    grant = _grant(image)
    try:
        _start(places, grant)
        yield Session(grant, _ready(places, grant))
    except BaseException as first:
        try:
            _clear(places, grant)
        except Unavailable as second:
            # That something is left is said after what went wrong, never in its place.
            raise Unavailable(f"{first} {second}".strip()) from first
        raise
    _clear(places, grant)


def _grant(image: str) -> Grant:
    now = datetime.now(UTC)
    return Grant(
        id=ids.new(), session=ids.new(), person=ids.new(), project="doctor", workspace=ids.new(),
        server="doctor", uid=UID, image=image, mounts=(), home_bytes=64 * MIB, memory_bytes=768 * MIB,
        cpus=1.0, pids=128, issued_at=now, start_before=now + timedelta(minutes=1), ends_at=now + LONGEST,
        decision=ids.new(),
    )  # fmt: skip


def _start(places: Places, grant: Grant) -> None:
    """Ask for the session as the hub does; root may read the portal's key, and may not start sessions."""
    key = load_pem_private_key((places.state / "secrets/data/grant.key").read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable("The portal's key for grants is not an Ed25519 key.")
    python = sys.executable if sys.executable.startswith("/usr/") else "/usr/bin/python3"
    ran = subprocess.run(
        [python, "-c", AS_HUB, str(places.engine_socket)],
        check=False,
        input=sign(grant, key),
        capture_output=True,
        text=True,
        timeout=90,
        cwd="/",
        env={"PATH": programs.PATH, "PYTHONPATH": str(programs.checkout(places))},
        **programs.credentials(USERS["hub"]),
    )
    status, _, said = ran.stdout.strip().partition(" ")
    if status != "201":
        raise Unavailable(f"The engine started no session: {said or ran.stderr.strip()[-300:]}")


def _ready(places: Places, grant: Grant) -> Path:
    folder = places.session(grant.session) / "in"
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if (folder / socketpath.SOCKET_NAME).exists():
            return folder
        time.sleep(0.1)
    raise Unavailable(f"The session's server was not ready within {READY_SECONDS:.0f} s.")


def _clear(places: Places, grant: Grant) -> None:
    answer = asking.ask(places.engine_socket, f"/sessions/{grant.session}", method="DELETE", timeout=60)
    homes.image(places, grant.workspace).unlink(missing_ok=True)
    (places.state / "sessions" / f"{grant.session}.log").unlink(missing_ok=True)
    if answer.status != 200:
        raise Unavailable(f"The throw-away session {grant.session} could not be ended: {answer.text[:200]}")


def left(places: Places, grant: Grant) -> list[str]:
    """Return what is left of a session that should be gone."""
    listed = asking.ask(places.engine_socket, "/sessions")
    if listed.status != 200:
        raise Unavailable(f"The engine did not say which sessions are left: {listed.text[:200]}")
    paths = (
        places.session(grant.session),
        homes.point(places, grant.workspace),
        homes.image(places, grant.workspace),
        places.state / "sessions" / f"{grant.session}.log",
        places.state / "engine" / "ended" / f"{grant.session}.json",
    )
    found = [str(path) for path in paths if path.exists()]
    return found + [f"session {one['session']}" for one in listed.json if one["session"] == grant.session]
