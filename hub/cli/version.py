"""Which program an enclave was started from: remembered at its start, compared by the next `up`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.cli import environment, programs
from hub.cli.supervision import Supervisor
from hub.places import Places

PARTS = ("hub", "egress_review", "policies", "images", "notebooks")
# Read by people, or made by Python: no process follows from these.
LEFT_OUT = (".md", ".pyc")
# What database, pages' files and demo follow from, and what in there they don't.
PREPARED = ("hub", "egress_review", "notebooks")
UNPREPARED = {"__pycache__", "cli", "doctor", "engine", "gate", "jupyter", "README.md"}


def of(checkout: Path) -> str:
    """Return the hash of all that a running enclave follows from."""
    files = (path for path in _files(checkout, PARTS) if path.suffix not in LEFT_OUT)
    return _hash(checkout, files, first=(checkout / "pyproject.toml").read_bytes())


def of_prepared(checkout: Path) -> str:
    """Return the hash of all that the database, the pages' files and the demo follow from."""
    files = (
        path
        for path in _files(checkout, PREPARED)
        if not UNPREPARED.intersection(path.relative_to(checkout).parts)
    )
    return _hash(checkout, files, first=environment.fingerprint(checkout).encode())


def _files(checkout: Path, parts: Iterable[str]) -> Iterator[Path]:
    for part in parts:
        yield from (path for path in sorted((checkout / part).rglob("*")) if path.is_file())


def _hash(checkout: Path, files: Iterable[Path], *, first: bytes) -> str:
    total = hashlib.sha256(first)
    for path in files:
        total.update(f"{path.relative_to(checkout)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def settings() -> str:
    """Return the hash of what the files say that settings name: a new password there is a new start."""
    total = hashlib.sha256()
    for name, path in sorted(os.environ.items()):
        if path and name.startswith("PARLATORY_") and name.endswith("_FILE"):
            total.update(f"{name}\0".encode())
            total.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return total.hexdigest()


def write(places: Places) -> None:
    """Remember which program and which checkout the enclave was just started from."""
    lines = (of(places.checkout), str(places.checkout), settings())
    _file(places).write_text("\n".join(lines) + "\n", encoding="utf-8")


def running(places: Places) -> str:
    """Return the hash of the program that runs; nothing where it was started by one that did not remember."""
    try:
        return _file(places).read_text(encoding="utf-8").split("\n")[0]
    except FileNotFoundError:
        return ""


def is_current(places: Places) -> bool:
    """Say whether what runs is this checkout's program under this configuration."""
    try:
        running, _checkout, *more = _file(places).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    if running != of(places.checkout) or more != [settings()]:
        return False
    # Another address, setting or folder of the checkout makes other processes, too.
    return Supervisor(places).configuration() == programs.configuration(places, programs.table(places))


def checkout(places: Places) -> Path:
    """Return the checkout that the running enclave was started from."""
    try:
        return Path(_file(places).read_text(encoding="utf-8").split("\n")[1])
    except FileNotFoundError:
        # Started by a program that did not remember: its processes say where they stand.
        lines = Supervisor(places).configuration().splitlines()
        return Path(next(line for line in lines if line.startswith("directory=")).partition("=")[2])


def is_still_there(places: Places, checkout: Path) -> bool:
    """Say whether the program that runs lies in its checkout as it did at its start."""
    if not os.access(checkout / ".venv" / "bin" / "python", os.X_OK):
        return False
    try:
        return _file(places).read_text(encoding="utf-8").split("\n")[0] == of(checkout)
    except FileNotFoundError:
        return checkout != places.checkout


def _file(places: Places) -> Path:
    return places.run / "supervisor" / "started"
