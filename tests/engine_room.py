"""A real engine on a scratch enclave; its tiny image runs what a test sends it, as the session's user."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tornado.netutil import bind_unix_socket

from hub.engine import __main__ as engine_process
from hub.engine import container, mounts, server
from hub.engine.dock import Docker
from hub.engine.images import builder, inputs
from hub.engine.owners import Owners
from hub.engine.screenings import Screenings
from hub.engine.sessions import Sessions
from hub.grant import Grant, Mount, sign
from hub.places import Places, from_environment

MIB = 1 << 20
CALLERS = {0: "root", 61_001: "hub", 61_002: "portal", 61_003: "gate", 61_004: "worker", 61_005: "door"}
UIDS = {name: uid for uid, name in CALLERS.items()}
STRANGER = 61_999

PROBE = """
import json, os, socket, subprocess, sys
print("probe ready", flush=True)
os.umask(0)
listener = socket.socket(socket.AF_UNIX)
# Whoever sees the name may connect: it is there once somebody listens.
listener.bind("/run/parlatory-in/fresh.sock")
listener.listen()
os.rename("/run/parlatory-in/fresh.sock", "/run/parlatory-in/jupyter.sock")
while True:
    caller, _ = listener.accept()
    with caller, caller.makefile("rwb") as file:
        code = json.loads(file.readline())
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        sys.stdout.write(ran.stdout)
        sys.stdout.flush()
        said = {"status": ran.returncode, "out": ran.stdout[-100000:], "err": ran.stderr[-4000:]}
        file.write(json.dumps(said).encode())
"""
SCREENER = """
import json, os, pathlib, sys, time
request = json.loads(pathlib.Path("/in/request.json").read_text())
exec(request["code"])
"""
ASK = """
import http.client, json, socket, sys
path, method, target, body = json.loads(sys.stdin.read())
connection = http.client.HTTPConnection("engine")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(path)
connection.request(method, target, body)
answer = connection.getresponse()
print(json.dumps([answer.status, answer.read().decode("utf-8", "replace")]))
"""


def new_id() -> str:
    """Return an id of the right shape."""
    return uuid.uuid4().hex[:26]


class Broken(Exception):
    """The room did not do its part, so a test says nothing about what it attacks."""


@dataclass
class Room:
    """A scratch enclave with its own engine, keys and data."""

    places: Places
    key: Ed25519PrivateKey
    image: str
    engine: server.Engine = field(init=False)

    def grant(self, **changes: Any) -> Grant:
        """Return a valid grant for a small session."""
        now = datetime.now(UTC)
        grant = Grant(
            id=new_id(), session=new_id(), person=new_id(), project="a-project", workspace=new_id(),
            server="a-server", uid=200_042, image=self.image, mounts=(self.mount(),), home_bytes=16 * MIB,
            memory_bytes=128 * MIB, cpus=1.0, pids=40, issued_at=now, start_before=now + timedelta(minutes=1),
            ends_at=now + timedelta(hours=1), decision=new_id(),
        )  # fmt: skip
        return replace(grant, **changes)

    def mount(self, **changes: str) -> Mount:
        """Return the mount of the scratch enclave's one dataset version."""
        source = f"{self.places.state}/datasets/talk/1"
        return replace(Mount(dataset="talk", version="1", source=source, target="/data/talk/1"), **changes)

    def ask(
        self, by: str | int, method: str, target: str, body: object = None, *, seconds: float = 200
    ) -> tuple[int, Any]:
        """Call the engine as one of its callers, in a process that has that uid."""
        uid = UIDS[by] if isinstance(by, str) else by
        question = [
            str(self.places.engine_socket),
            method,
            target,
            None if body is None else json.dumps(body),
        ]
        ran = subprocess.run(
            [os.path.realpath(sys.executable), "-I", "-c", ASK], input=json.dumps(question), text=True,
            capture_output=True, user=uid, group=uid, extra_groups=[], cwd="/", env={}, timeout=seconds,
        )  # fmt: skip
        if ran.returncode != 0:
            raise Broken(ran.stderr)
        status, text = json.loads(ran.stdout)
        return status, json.loads(text) if text.startswith(("{", "[")) else text

    def post(self, grant: Grant, *, seconds: float = 200) -> tuple[int, Any]:
        """Ask for a session as the hub does."""
        return self.ask("hub", "POST", "/sessions", {"grant": sign(grant, self.key)}, seconds=seconds)

    @contextmanager
    def session(self, **changes: Any) -> Iterator[Grant]:
        """Run a session for the length of a test."""
        grant = self.grant(**changes)
        status, said = self.post(grant)
        if status != 201:
            raise Broken(said)
        try:
            self.socket(grant)
            yield grant
        finally:
            self.ask("hub", "DELETE", f"/sessions/{grant.session}")

    def socket(self, grant: Grant) -> Path:
        """Wait for the probe's socket."""
        path = self.places.session(grant.session) / "in" / "jupyter.sock"
        deadline = datetime.now(UTC) + timedelta(seconds=30)
        while not path.exists():
            if datetime.now(UTC) > deadline:
                raise Broken(self.engine.sessions.log(grant.session))
            threading.Event().wait(0.05)
        return path

    def inside(self, grant: Grant, code: str) -> str:
        """Run Python inside a session, as its own user, and return what it printed."""
        said = self.try_inside(grant, code)
        if said["status"] != 0:
            raise Broken(said["err"])
        return str(said["out"]).strip()

    def try_inside(self, grant: Grant, code: str) -> dict[str, Any]:
        """Run Python inside a session and return its status and output."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(60)
            caller.connect(str(self.socket(grant)))
            with caller.makefile("rwb") as file:
                file.write(json.dumps(code).encode() + b"\n")
                file.flush()
                return dict(json.loads(file.readline()))

    def submission(self, code: str) -> str:
        """Put a submission for the scripted screener into the vault; return its id."""
        screening = new_id()
        folder = self.places.state / "vault" / "screening" / screening / "in"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(json.dumps({"code": code}))
        return screening

    def renew(self) -> None:
        """Give the room a fresh engine, as a restart does."""
        docker_engine, owners = Docker(), Owners()
        self.engine = server.Engine(
            docker=docker_engine,
            sessions=Sessions(docker_engine, self.places, owners),
            screenings=Screenings(docker_engine, self.places, owners),
            callers=lambda: CALLERS,
            pool=ThreadPoolExecutor(4),
            slow_pool=ThreadPoolExecutor(2),
        )
        self.engine.sessions.adopt()
        self.engine.screenings.adopt()


def _image(client: docker.APIClient, places: Places, name: str, program: str) -> str:
    base = builder.build(client, places, "base", say=lambda line: None)
    dockerfile = (
        f"FROM {base}\nCOPY program.py /program.py\nENV PYTHONDONTWRITEBYTECODE=1\n"
        'ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/python3", "/program.py"]\n'
    )
    parts = [("Dockerfile", dockerfile.encode(), 0o644), ("program.py", program.encode(), 0o644)]
    tag = f"parlatory/{name}:enginetest-{os.getpid()}"
    context = io.BytesIO(inputs.pack(parts))
    for event in client.build(fileobj=context, custom_context=True, tag=tag, rm=True, decode=True):
        assert "error" not in event, event
    return tag


@contextmanager
def served(engine: server.Engine, path: Path) -> Iterator[None]:
    """Let an engine answer at a socket, in a thread of its own."""
    loop = asyncio.new_event_loop()

    async def listen() -> None:
        server.server(engine).add_socket(bind_unix_socket(str(path), mode=0o666))

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _dataset(state: Path) -> None:
    folder = state / "datasets" / "talk" / "1"
    folder.mkdir(parents=True)
    (state / "datasets").chmod(0o750)
    (folder / "manifest.jsonl").write_text('{"id": "one"}\n')
    (folder / "manifest.jsonl").chmod(0o444)


def prepared() -> tuple[Places, Ed25519PrivateKey]:
    """Return the folders of a scratch enclave, data in them, and the key that its engine knows."""
    state = Path(tempfile.mkdtemp(prefix="parlatory-enginetest-", dir="/var/lib"))
    run = Path(tempfile.mkdtemp(prefix="parlatory-enginetest-", dir="/run"))
    state.chmod(0o755)
    run.chmod(0o755)
    places = replace(from_environment(), state=state, run=run, enclave=f"parlatory-enginetest-{os.getpid()}")
    engine_process.folders(places)
    _dataset(state)
    key = Ed25519PrivateKey.generate()
    (state / "keys").mkdir()
    (state / "keys" / "grant.pub").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return places, key


@contextmanager
def opened() -> Iterator[Room]:
    """A scratch enclave whose engine answers; it and all its containers are gone afterwards."""
    client = docker.APIClient(version="auto")
    places, key = prepared()
    made = Room(places=places, key=key, image=_image(client, places, "workspace", PROBE))
    screener = _image(client, places, "screener", SCREENER)
    (places.state / "images" / "screener").write_text(screener)
    made.renew()
    try:
        with served(made.engine, made.places.engine_socket):
            yield made
    finally:
        for label in (container.LABEL_SESSION, container.LABEL_SCREENING):
            for found in made.engine.docker.list(places.enclave, label):
                made.engine.docker.remove(found.id)
        for image in (made.image, screener):
            client.remove_image(image, force=True)
        mounts.remove(places.run)
        shutil.rmtree(places.state)
