"""Long steps: their output goes to a log, and a failure says where it is and how it ended."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

TAIL_LINES = 30


class BuildFailed(Exception):
    """A step of an image's build failed; the message says which, how it ended and where its log is."""


def logged(command: list[str], log: Path) -> None:
    """Run a command with its output in `log`."""
    with log.open("ab") as out:
        out.write(f"$ {' '.join(command)}\n".encode())
        out.flush()
        try:
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
        except FileNotFoundError as error:
            raise BuildFailed(f"{command[0]} is not installed; `apt-get install {command[0]}`") from error
    if done.returncode != 0:
        raise failed(f"{command[0]} ended with status {done.returncode}", log)


def failed(what: str, log: Path) -> BuildFailed:
    """Return the error for a failed step, with the end of its log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return BuildFailed(f"{what}; the whole log is {log}, its end:\n{_indented(lines[-TAIL_LINES:])}")


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
