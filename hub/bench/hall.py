"""A portal at work in a throw-away state, with its policies, door and screening worker; nothing stays.

Every process runs as the user who measures, and the engine is `unsafe_screening`: files are not screened.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from hub.bench import ground, tally
from hub.cli import programs
from hub.errors import Unavailable
from hub.places import Places

READY_SECONDS = 90.0
STOP_SECONDS = 8.0
FOLDERS = ("sessions", "portal", "metrics", "engine", "screenings")
MODULES = {
    "engine's stand-in": "hub.bench.unsafe_screening",
    "door": "egress_review.door",
    "worker": "egress_review.worker",
}


@dataclass(frozen=True)
class Hall:
    """The portal and those who work in it."""

    processes: Mapping[str, int]
    _driver: subprocess.Popen[str]

    def begin(self, sessions: int, seconds: float, pace: str) -> None:
        """Let so many people work at a pace; return at once."""
        assert self._driver.stdin is not None
        self._driver.stdin.write(json.dumps({"sessions": sessions, "seconds": seconds, "pace": pace}) + "\n")
        self._driver.stdin.flush()

    def results(self) -> dict[str, Any]:
        """Wait until they are done; return the seconds each act took, and what went wrong."""
        assert self._driver.stdout is not None
        line = self._driver.stdout.readline()
        if not line:
            raise Unavailable("The people of the measurement ended; what they said stands above.")
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def opened(places: Places, *, people: int, authors: int) -> Iterator[Hall]:
    """Yield a portal with so many people in it, all its processes started; nothing stays."""
    with ground.laid(places) as laid, ExitStack() as stack:
        own = laid.places
        environment = laid.environment | {
            # Who signs in has a password alone: codes are not in the measurement.
            "PARLATORY_DEMO_WITHOUT_SECOND_FACTOR": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(own.run / "metrics"),
        }
        for name in FOLDERS:
            (own.run / name).mkdir(parents=True, exist_ok=True)
        peopled = _peopled(own, environment, people, authors)
        for one in peopled["authors"]:
            (own.session(one["session"]) / "out").mkdir(parents=True)
        running = {"opa": laid.opa}
        for name, words in _commands(own).items():
            told = environment | (programs.HASHING if name == "portal" else {})
            running[name] = stack.enter_context(_running(words, told, own)).pid
        _ready(own, [own.session(one["session"]) / "out" / "handin.sock" for one in peopled["authors"]])
        driver = stack.enter_context(_running(["-m", "hub.bench.acts"], environment, own))
        wish = {"state": str(own.state), "run": str(own.run), "port": own.port("portal"), **peopled}
        assert driver.stdin is not None and driver.stdout is not None
        driver.stdin.write(json.dumps(wish) + "\n")
        driver.stdin.flush()
        if not driver.stdout.readline():
            raise Unavailable("The people of the measurement did not come.")
        yield Hall(running | {f"{tally.MEASURING}people": driver.pid}, driver)


def _commands(own: Places) -> dict[str, list[str]]:
    return {name: ["-m", module] for name, module in MODULES.items()} | {
        "portal": ["-m", "gunicorn", *programs.portal(own)]
    }


@contextmanager
def _running(words: list[str], environment: dict[str, str], own: Places) -> Iterator[subprocess.Popen[str]]:
    with (own.state / "processes.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=own.checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if words[-1] == "hub.bench.acts" else log,
            stderr=log,
            text=True,
            # Ctrl-C is for the measurement, which ends these itself. In one session, as supervisor's are:
            # between sessions Linux shares the cores equally, whatever gives way to what.
            process_group=0,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _peopled(own: Places, environment: dict[str, str], people: int, authors: int) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "hub.bench.rush", str(people), str(authors)],
        cwd=own.checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise Unavailable(f"The portal was not filled: {ran.stderr.strip()[-600:]}")
    made: dict[str, Any] = json.loads(ran.stdout)
    return made


def _ready(own: Places, doors: list[Path]) -> None:
    """Wait until the portal answers and every session's door is open."""
    end = time.monotonic() + READY_SECONDS
    while not (_answers(own) and all(path.is_socket() for path in doors)):
        if time.monotonic() > end:
            said = (own.state / "processes.log").read_text(errors="replace")[-600:]
            raise Unavailable(f"The portal and its doors were not ready in {READY_SECONDS:.0f} s: {said}")
        time.sleep(0.2)


def _answers(own: Places) -> bool:
    asked = Request(f"{own.url('portal')}/sign-in/", headers={"Host": own.portal_host})  # noqa: S310 - ours
    try:
        with urlopen(asked, timeout=5):  # noqa: S310 - our own address
            return True
    except (URLError, OSError):
        return False
