"""A small enclave for the release path: its own state, database, OPA and door, and clients that misbehave."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.places import PORTS
from tests import clerk, ports
from tests.clerk import Clerk
from tests.security.without import child
from tests.throwaway import make_state

# What is asked before and after each question: it finds the factories, and its `answer` comes back.
FIRST = "import json\nfrom tests.unit.egress_review.factories import *"
LAST = "print(json.dumps(answer, default=str))"
SAID = {
    "title": "Vowel table",
    "context": "Counts of speakers per vowel for the paper.",
    "controls": "Every cell counts ten speakers or more.",
}


@dataclass
class Answer:
    """What the door answered."""

    status: int
    document: Any


@dataclass
class Stage:
    """One state folder and the processes on it."""

    state: Path
    run: Path
    port: int
    checkout: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    clerk: Clerk | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process that it belongs here."""
        return {
            **os.environ,
            "PARLATORY_STATE": str(self.state),
            "PARLATORY_RUN": str(self.run),
            "PARLATORY_PORT": str(self.port),
            "PARLATORY_DEMO_WITHOUT_SECOND_FACTOR": "1",
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "PYTHONPATH": str(self.checkout),
        }

    def command(self, *arguments: str) -> str:
        """Run Python here and return what it printed."""
        ran = subprocess.run(
            [sys.executable, *child.words(*arguments)],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
        return ran.stdout

    def ask(self, code: str) -> Any:
        """Run lines against the services here; what they leave in `answer` comes back."""
        if self.clerk is None:
            words = [sys.executable, *child.words("-c", clerk.SOURCE)]
            self.clerk = Clerk.begun(words, cwd=self.checkout, env=self.environment)
        status, said, complained = self.clerk.run("\n".join((FIRST, code, LAST)))
        assert status == 0, f"these lines failed: {code}\n{complained}"
        return json.loads(said.splitlines()[-1])

    def start(self, *arguments: str, without: str = "") -> subprocess.Popen[bytes]:
        """Start a process that is stopped with the stage, without the controls that are named."""
        log = (self.state / "processes.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *child.words(*arguments, without=without)],
            cwd=self.checkout,
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.running.append(process)
        return process

    def stop(self) -> None:
        """Stop every process that was started here."""
        if self.clerk is not None:
            self.clerk.end()
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def session(self) -> str:
        """Return a running session of a new researcher with a new project, its folder made."""
        code = "by = person('Ada', Role.RESEARCHER); s = session(by, project(by)); answer = s.id"
        made = str(self.ask(code))
        (self.run / "sessions" / made / "out").mkdir(parents=True)
        return made

    def door(self, session: str) -> Path:
        """Return a session's socket, once the door has opened it."""
        path = self.run / "sessions" / session / "out" / "handin.sock"
        self.until(lambda: listens(path), f"the door opens {path}")
        return path

    def until(self, true: Any, what: str, *, seconds: float = 15) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, what + "\n" + (self.state / "processes.log").read_text()[-3000:]
            time.sleep(0.05)

    def incoming(self) -> list[Path]:
        """Return what lies unfinished in the vault."""
        return list((self.state / "vault" / "incoming").iterdir())

    def count(self) -> int:
        """Return how many submissions there are."""
        return int(self.ask("answer = Submission.objects.count()"))


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float = 30) -> None:
        super().__init__("door", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = dial(self._path, self.timeout or 30)


def listens(path: Path) -> bool:
    """Say whether somebody takes connections at a socket: it has a name a moment before, and long after."""
    try:
        dial(path).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True


def dial(path: Path, timeout: float = 30) -> socket.socket:
    """Return a connected socket."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.settimeout(timeout)
    try:
        connected.connect(str(path))
    except OSError:
        connected.close()
        raise
    return connected


def get(path: Path, address: str) -> Answer:
    """Ask the door something."""
    return send(path, "GET", address)


def send(
    path: Path, method: str, address: str, *, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """Send a request and return the answer."""
    connection = Connection(path)
    connection.request(method, address, body or None, headers or {})
    answered = connection.getresponse()
    data = answered.read()
    connection.close()
    return Answer(answered.status, json.loads(data) if data else None)


def multipart(files: Iterable[tuple[str, bytes]], **changes: str) -> bytes:
    """Return a hand-in as the client sends it."""
    parts = [
        f'--line\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in {**SAID, **changes}.items()
    ]
    for name, data in files:
        head = f'--line\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + b"--line--\r\n"


def hand_in(path: Path, body: bytes, *, kind: str = "multipart/form-data; boundary=line") -> Answer:
    """Send a hand-in."""
    return send(path, "POST", "/v1/submissions", body=body, headers={"Content-Type": kind})


def prepared(run: Path, port: int, *, parent: Path | None = None) -> Stage:
    """Return a stage with a migrated database and policies, on which nothing runs yet."""
    made = Stage(state=make_state(parent), run=run, port=port, checkout=Path(__file__).resolve().parents[3])
    (made.state / "secrets" / "opa").mkdir()
    token = (made.state / "secrets" / "data" / "opa").read_text()
    (made.state / "secrets" / "opa" / "opa").write_text(token)
    for name in ("db", "ledger", "vault", "opa"):
        (made.state / name).mkdir(exist_ok=True)
    made.command("-m", "django", "migrate", "-v", "0")
    made.command("-m", "django", "createcachetable")
    made.command("-m", "hub.policy", "bundle")
    return made


def build(run: Path, port: int) -> Stage:
    """Return a stage with a migrated database, a policy engine and a door."""
    made = prepared(run, port)
    made.start("-m", "hub.policy", "serve")
    made.start("-m", "egress_review.door")
    made.until(lambda: ports.listens(port + PORTS["opa"]), "the policy engine answers", seconds=60)
    return made
