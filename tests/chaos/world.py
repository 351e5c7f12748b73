"""A small enclave whose processes are killed and started again: state, policies, nursery, people."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.places import PORTS
from tests import ports
from tests.chaos.book import Book
from tests.integration.egress_review.stage import Stage, prepared
from tests.security.without import child

FORKED = ("engine", "door", "worker", "portal", "publisher")
ROLES = (*FORKED, "opa")
LONGEST_SECONDS = 30.0
PEOPLE = """
from django.test import Client
from hub.people.models import Person
def signed_in(one):
    Person.objects.filter(pk=one.pk).update(is_demo=True)
    client = Client(HTTP_HOST="portal.localhost")
    client.force_login(Person.objects.get(pk=one.pk))
    return one.id, {name: cookie.value for name, cookie in client.cookies.items()}
authors = [person(f"Author {n}", Role.RESEARCHER) for n in range(AUTHORS)]
sessions = [session(by, project(by)).id for by in authors]
answer = {
    "authors": [signed_in(one) for one in authors],
    "sessions": sessions,
    "checkers": [signed_in(checker(f"Checker {n}")) for n in range(CHECKERS)],
}
"""


class StaysUp(Exception):
    """A process that was told to die did not."""


@dataclass
class Running:
    """A process, held so that its number can't be another's."""

    pid: int
    handle: int

    @classmethod
    def of(cls, pid: int) -> Running:
        """Hold a process that runs."""
        return cls(pid, os.pidfd_open(pid))

    def ended(self, seconds: float) -> bool:
        """Wait for its end."""
        return bool(select.select([self.handle], [], [], seconds)[0])

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)

    def kill(self) -> None:
        """Kill it and wait until it is gone."""
        self.send(signal.SIGKILL)
        if not self.ended(LONGEST_SECONDS):
            raise StaysUp(str(self.pid))
        os.close(self.handle)


@dataclass
class World:
    """The processes on one state folder."""

    stage: Stage
    nursery: subprocess.Popen[str]
    running: dict[str, Running] = field(default_factory=dict)
    opa: subprocess.Popen[bytes] | None = None
    people: dict[str, Any] = field(default_factory=dict)

    def wish(self, **wish: Any) -> dict[str, Any]:
        """Tell the nursery."""
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(wish) + "\n")
        self.nursery.stdin.flush()
        said: dict[str, Any] = json.loads(self.nursery.stdout.readline())
        return said

    def start(self, role: str) -> None:
        """Start one process."""
        if role == "opa":
            self.opa = self.stage.start("-m", "hub.policy", "serve")
            self.running[role] = Running.of(self.opa.pid)
        else:
            self.running[role] = Running.of(self.wish(role=role)["pid"])

    def kill(self, role: str) -> None:
        """Kill one process, wherever it is."""
        self.running.pop(role).kill()
        if role == "opa" and self.opa is not None:
            self.opa.wait()
            self.stage.running.remove(self.opa)

    def ask(self, code: str, *, seconds: float = LONGEST_SECONDS) -> Any:
        """Run lines against the services in a process of their own and return their `answer`."""
        with tempfile.NamedTemporaryFile("r", dir=self.stage.run) as into:
            # It may have answered and gone before it is held.
            with contextlib.suppress(ProcessLookupError):
                asked = Running.of(self.wish(ask=code, into=into.name)["pid"])
                assert asked.ended(seconds), f"no answer within {seconds} s: {code}"
                os.close(asked.handle)
            said = json.loads(into.read() or '{"failed": "the process ended without an answer"}')
        assert "failed" not in said, f"{code}\n{said['failed']}\n{self.log()}"
        return said["answer"]

    def populate(self, *, authors: int = 3, checkers: int = 3) -> None:
        """Make people, their sessions and their sign-ins."""
        made = self.ask(PEOPLE.replace("AUTHORS", str(authors)).replace("CHECKERS", str(checkers)))
        for session in made["sessions"]:
            (self.stage.run / "sessions" / session / "out").mkdir(parents=True)
        self.people = made

    def broken(self, book: Book, seen: dict[str, Any]) -> list[str]:
        """Return what does not hold now; `seen` is what was looked at before, and grows."""
        path = self.stage.run / "book.json"
        path.write_text(book.text())
        since, files = seen.get("entries", 0), seen.get("files", [])
        said = self.ask(
            "from pathlib import Path; from tests.chaos import invariants\n"
            f"answer = invariants.broken(Path({str(path)!r}), since={since}, known={files!r})"
        )
        seen.update(said)
        return list(said["broken"])

    def at_rest(self, *, seconds: float = 60.0) -> list[str]:
        """Wait until everything that was half done is finished or undone; return what is not."""
        end = time.monotonic() + seconds
        while True:
            left = self.ask("from tests.chaos import invariants; answer = invariants.at_rest()")
            if not left or time.monotonic() > end:
                return list(left)
            time.sleep(0.2)

    def log(self) -> str:
        """Return the end of what the processes said."""
        path = self.stage.state / "processes.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def stop(self) -> None:
        """End everything."""
        for role in tuple(self.running):
            self.kill(role)
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.close()
        self.nursery.wait(10)
        self.nursery.stdout.close()
        self.stage.stop()


def begun(stage: Stage) -> World:
    """Return a world on a state folder, every process started."""
    with (stage.state / "processes.log").open("ab") as log:
        nursery = subprocess.Popen(
            [sys.executable, *child.words("-m", "tests.chaos.nursery")],
            cwd=stage.checkout,
            env=stage.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert nursery.stdout is not None
    said = nursery.stdout.readline()
    made = World(stage=stage, nursery=nursery)
    assert said, f"the nursery did not start: {made.log()}"
    for role in ROLES:
        made.start(role)
    return made


def answers(world: World) -> bool:
    """Whether portal and policies take questions."""
    return all(ports.listens(world.stage.port + PORTS[name]) for name in ("portal", "opa"))


@contextlib.contextmanager
def opened(run: Path, parent: Path | None = None) -> Iterator[World]:
    """Yield a new world with people in it, and end all of it."""
    stage = prepared(run, ports.free(6), parent=parent)
    stage.command("-m", "django", "collectstatic", "--noinput", "-v", "0")
    made = begun(stage)
    try:
        made.populate()
        stage.until(lambda: answers(made), "portal and policies answer")
        yield made
    finally:
        made.stop()
