"""Loads the leak corpus from the checkout and lays its submissions out as files."""

from __future__ import annotations

import importlib
import os
import random
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress_review.screening.context import Context, Earlier

CHECKOUT = Path(__file__).resolve().parents[2]


class NoCorpus(Exception):
    """The corpus can't be built here; the message says what is missing."""


@dataclass(frozen=True)
class LaidOut:
    """A submission as files in a folder: what `screen` takes, and its context."""

    paths: dict[str, tuple[Path, str]]
    context: Context
    swapped: dict[Path, bytes]


def module(name: str) -> Any:
    """Return a module of `tests.leaks`; raises NoCorpus where there is no checkout or no test environment."""
    if not (CHECKOUT / "tests" / "leaks").is_dir():
        raise NoCorpus(
            "The leak corpus is part of a checkout's tests, which this installation does not have: "
            "run the bench in a checkout."
        )
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    try:
        return importlib.import_module(f"tests.leaks.{name}")
    except ModuleNotFoundError as error:
        raise NoCorpus(
            f"The leak corpus needs {error.name}, of the test environment: pip install -e '.[test]'."
        ) from error


def chance(seed: int) -> random.Random:
    """Return chance that gives the same in each run."""
    return random.Random(seed)  # noqa: S311 - a measurement has to be repeatable, nothing is kept secret by it


def datasets(folders: Sequence[Path]) -> list[Path]:
    """Return folders with a recordings.csv that cases can be built from: those named, or the demo's.

    Each that lacks transcripts is joined, in the cache, with made sentences; the demo's become one.
    """
    compose = module("dataset").composed
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parlatory" / "bench"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folders:
        missing = [folder for folder in folders if not (folder / "recordings.csv").is_file()]
        if missing:
            raise NoCorpus(f"{missing[0]} has no recordings.csv.")
        return [compose([folder], cache) for folder in folders]
    demo = list(_demo())
    if not demo:
        raise NoCorpus("There is no demo dataset here: run `python3 -m hub up` once, or name a --dataset.")
    return [compose(demo, cache)]


def _demo() -> Iterator[Path]:
    """Yield the newest version of each dataset in the enclave's state."""
    base = Path(os.environ.get("PARLATORY_STATE", "/var/lib/parlatory")) / "datasets"
    for name in sorted(base.glob("*")):
        versions = [version for version in name.iterdir() if (version / "recordings.csv").is_file()]
        if versions:
            yield max(versions, key=lambda path: [int(n) if n.isdigit() else 0 for n in path.name.split(".")])


def lay_out(submission: Any, folder: Path) -> LaidOut:
    """Write a submission's files, links and pipes into a folder, and what was released before beside it."""
    paths: dict[str, tuple[Path, str]] = {}
    swapped: dict[Path, bytes] = {}
    for number, (name, content) in enumerate(submission.files.items()):
        path = folder / f"f{number}"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            _special(content, path)
        paths[f"f{number}"] = (path, name)
        if name in submission.swapped:
            swapped[path] = submission.swapped[name]
    earlier = []
    before = folder / "earlier"
    before.mkdir()
    for number, (name, content) in enumerate(submission.earlier.items()):
        path = before / f"{number}"
        path.write_bytes(content)
        earlier.append(Earlier(path, name))
    context = Context(
        earlier=tuple(earlier),
        declared=submission.declared,
        public=submission.public,
        unknown="flag",
    )
    return LaidOut(paths, context, swapped)


def _special(content: Any, path: Path) -> None:
    match content.kind:
        case "symlink":
            path.symlink_to(content.target)
        case "hardlink":
            try:
                path.hardlink_to(content.target.resolve())
            except OSError:
                # Another file system: the bytes are the same, and bytes are what is screened.
                path.write_bytes(content.target.read_bytes())
        case "fifo":
            os.mkfifo(path)
        case "socket":
            with closing(socket.socket(socket.AF_UNIX)) as made:
                made.bind(str(path))
        case "sparse":
            with path.open("wb") as opened:
                opened.truncate(content.size)
