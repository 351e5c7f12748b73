"""A part of a measurement in a process of its own: told once what to do, it answers one line and serves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hub.cli import programs
from hub.errors import Unavailable
from hub.places import Places


@dataclass(frozen=True)
class Part:
    """A part that serves, and the line by which it said so."""

    pid: int
    said: str


@contextmanager
def serving(places: Places, module: str, wish: dict[str, Any]) -> Iterator[Part]:
    """Yield a module of ours that serves what is wished; it is stopped afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=programs.checkout(places),
        env=programs.environment(places, None),
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(wish) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if not said:
            raise Unavailable(f"{module} did not start.")
        yield Part(process.pid, said)
    finally:
        process.stdin.close()
        process.terminate()
        process.wait()
        process.stdout.close()
