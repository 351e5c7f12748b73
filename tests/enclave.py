"""The running test enclave, as a test sees it: addresses, demo people, and the services behind the pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hub.places import Places, from_environment
from tests import authenticator, clerk

Value = TypeVar("Value")


@dataclass(frozen=True)
class Enclave:
    """The enclave that `python3 -m hub test` brought up."""

    places: Places
    passwords: dict[str, str]

    def code(self, email: str) -> str:
        """Return the present one-time code of a demo person who has a second factor."""
        authenticator.wait()
        return self.python("-m", "hub.demo", "code", email).strip().split()[-1]

    def python(self, *arguments: str) -> str:
        """Run the enclave's Python with its settings and return what it printed."""
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.places.checkout,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "hub.settings"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, f"{arguments}: {ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        return ran.stdout

    def service(self, code: str) -> str:
        """Run a few lines against the enclave's own services, as the portal's user would."""
        status, said, complained = clerk.run(code, checkout=self.places.checkout, state=self.places.state)
        assert status == 0, said[-2000:] + complained[-4000:]
        return said

    def as_user(self, process: str, code: str) -> str:
        """Run Python as the user of one of the enclave's processes."""
        user = f"parlatory-{process}"
        ran = subprocess.run(
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", sys.executable, "-c", code],
            cwd=self.places.checkout,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "hub.settings", "HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
        return ran.stdout


def attach() -> Enclave:
    """Return the enclave named by the environment; without one, say how to get it."""
    places = from_environment()
    path = places.state / "demo-passwords.json"
    if "PARLATORY_STATE" not in os.environ or not path.is_file():
        raise RuntimeError("these tests need a running test enclave: run them with `python3 -m hub test`")
    return Enclave(places=places, passwords=_passwords(path))


def _passwords(path: Path) -> dict[str, str]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {person["email"]: person["password"] for person in document["people"]}


def until(ask: Callable[[], Value], *, seconds: float, what: str) -> Value:
    """Ask until the answer is truthy and return it; fail with a sentence when time runs out."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.2)
