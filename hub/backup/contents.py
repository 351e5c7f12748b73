"""What of an enclave's state a backup holds, and what `up` makes again."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATABASE = "db/parlatory.sqlite3"
# Of PostgreSQL: all of it. What lies under DATABASE's name is then an extract for the checks.
DUMP = "db/parlatory.pgdump"
# Taken as they lie: nothing in them is ever changed in place.
ALWAYS = ("secrets", "keys", "vault", "sessions", "engine")
LEDGER, HOMES, DATASETS = "ledger", "homes", "datasets"
# What a leak index tells is data, and it is made again from the data.
WITH_DATA = (DATASETS, "indexes", "intake")
SINGLE = ("demo-passwords.json", "public-files.sha256")
MANIFESTS = ("manifest.jsonl", "DATASET.json")
# Uploads that have not ended, copies that a screening works on, files half written.
LEFT_OUT = ("vault/incoming/", "vault/screening/", "vault/writers/")
TOPS = frozenset({"db", *ALWAYS, LEDGER, HOMES, *WITH_DATA, *SINGLE, "prepared.json"})


@dataclass(frozen=True)
class Found:
    """A file or folder of the state, by its name in the backup."""

    name: str
    path: Path
    is_folder: bool


def walk(state: Path, top: str) -> Iterator[Found]:
    """Yield a folder and what is in it, folders first; links and sockets are refused by who takes them."""
    root = state / top
    if not root.is_dir():
        return
    yield Found(top, root, is_folder=True)
    for folder, inner, files in os.walk(root):
        here = Path(folder)
        for name in sorted(inner):
            yield _found(state, here / name)
        inner.sort()
        for name in sorted(files):
            found = _found(state, here / name)
            if not _passing(found.name):
                yield found


def data(state: Path, *, whole: bool) -> Iterator[Found]:
    """Yield the datasets' manifests, or the datasets themselves with their indexes."""
    if whole:
        for top in WITH_DATA:
            yield from walk(state, top)
        return
    for found in walk(state, DATASETS):
        if found.is_folder or found.path.name in MANIFESTS:
            yield found


def is_empty(state: Path) -> bool:
    """Say whether nothing lies where a restore would put something."""
    return not any(
        path.is_file() or path.is_symlink()
        for top in TOPS - {"prepared.json", "engine", "sessions"}
        for path in (state / top, *(state / top).rglob("*"))
    )


def _passing(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return (
        name.startswith(LEFT_OUT) or last.startswith((".new-", ".lock")) or last.endswith((".new", ".part"))
    )


def _found(state: Path, path: Path) -> Found:
    facts = path.lstat()
    return Found(str(path.relative_to(state)), path, is_folder=stat.S_ISDIR(facts.st_mode))
