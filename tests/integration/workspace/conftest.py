"""A session of the real image, as the engine creates it, with the demo's speech and a fake door."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import httpx
import pytest

from hub import ids
from hub.demo import data
from hub.engine import container
from hub.engine.dock import Docker
from hub.engine.images import builder
from hub.grant import Grant, Mount
from hub.places import Places, places
from tests import fake_door
from tests.enclave import until
from tests.fake_door import FakeDoor

UID = 200_001
GIB = 1 << 30
BASE_URL = "/user/01arz3ndektsv4rrffq69g5fav/tour/"


@dataclass(frozen=True)
class Room:
    """A running session and what lies on the host's side of it."""

    id: str
    client: docker.APIClient
    home: Path
    socket: Path
    door: FakeDoor

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command inside, as the session's user; return its status and what it printed."""
        made = self.client.exec_create(self.id, list(command), workdir="/home/researcher")["Id"]
        out = self.client.exec_start(made).decode(errors="replace")
        return int(self.client.exec_inspect(made)["ExitCode"]), out

    def http(self) -> httpx.Client:
        """Return a client of the notebook server, as the gate is one."""
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)),
            base_url=f"http://lab.localhost:8001{BASE_URL}",
            timeout=30,
        )


@pytest.fixture(scope="session")
def image() -> str:
    """Return the tag of this checkout's workspace image, built when it isn't there."""
    client = docker.APIClient(version="auto", timeout=900)
    try:
        tag = builder.tag(places.checkout, "workspace")
        if not builder.exists(client, tag):
            builder.build(client, places, "workspace", say=print)
        return tag
    finally:
        client.close()


@pytest.fixture(scope="session")
def room(image: str) -> Iterator[Room]:
    """Start a session with the demo's newest prompts mounted."""
    root = Path(tempfile.mkdtemp(prefix="parlatory-workspace-"))
    root.chmod(0o755)
    scratch = Places(
        checkout=places.checkout,
        # Where the running enclave has its datasets, or where this test run makes them.
        state=places.state,
        run=root / "run",
        tools=places.tools,
        base_port=places.base_port,
        enclave="parlatory-workspace-test",
    )
    data.build(places.state / "datasets", cache=places.tools / data.CACHE, say=print)
    grant = _grant(image, places.state / "datasets")
    home = _folder(scratch.run / "homes" / grant.workspace, UID)
    inner = _folder(scratch.session(grant.session) / "in", UID)
    outer = scratch.session(grant.session) / "out"
    outer.mkdir()
    _folder(scratch.session(grant.session) / "bring-ins", 0)
    client = docker.APIClient(version="auto", timeout=600)
    with fake_door.opened(root / "vault", outer / "handin.sock") as door:
        made = Docker().run(container.spec(grant, scratch, host_cpus=2), f"parlatory-test-{grant.session}")
        try:
            opened = Room(made, client, home, inner / "jupyter.sock", door)
            until(opened.socket.is_socket, seconds=60, what="the notebook server listens")
            yield opened
        finally:
            client.remove_container(made, force=True)
            client.close()
            shutil.rmtree(root)


def _folder(path: Path, uid: int) -> Path:
    path.mkdir(parents=True)
    os.chown(path, uid, uid)
    return path


def _grant(image: str, datasets: Path) -> Grant:
    now = datetime.now(UTC)
    name, version = "prompts-voices", "1.1"
    mount = Mount(name, version, f"{datasets}/{name}/{version}", f"/data/{name}/{version}")
    return Grant(
        id=ids.new(),
        session=ids.new(),
        person="01arz3ndektsv4rrffq69g5fav",
        project=ids.new(),
        workspace=ids.new(),
        server="tour",
        uid=UID,
        image=image,
        mounts=(mount,),
        home_bytes=GIB,
        memory_bytes=2 * GIB,
        cpus=1.0,
        pids=256,
        issued_at=now,
        start_before=now + timedelta(minutes=1),
        ends_at=now + timedelta(hours=1),
        decision=ids.new(),
    )
