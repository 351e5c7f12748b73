"""Examined files become a version's folder: copied, each held against the hash that was examined, frozen."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hub.datasets.folder import opened, plain_file, shown
from hub.errors import Invalid, WrongState

SUMS = "SHA256SUMS"
PIECE_BYTES = 1 << 20
FROZEN_FILE, FROZEN_FOLDER = 0o444, 0o755


def copy(
    source: Path,
    target: Path,
    files: Mapping[str, str],
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> str:
    """Copy the files to a folder that appears whole or not at all; return the hash of its list of hashes.

    Raises Invalid where a file is no longer the one that was examined, WrongState where the target is taken.
    """
    sums = listed(files)
    if target.exists():
        _require_same(target, sums)
        return hashlib.sha256(sums).hexdigest()
    target.parent.mkdir(mode=FROZEN_FOLDER, exist_ok=True)
    scratch = target.parent / f".new-{target.name}"
    remove(scratch)
    scratch.mkdir(mode=0o700)
    try:
        with opened(source) as root:
            for done, (name, sha256) in enumerate(files.items(), start=1):
                _copy(root, name, sha256, scratch / name, partial(progress, done - 1))
                progress(done)
        (scratch / SUMS).write_bytes(sums)
        _freeze(scratch)
        os.sync()
        scratch.rename(target)
    except BaseException:
        remove(scratch)
        raise
    return hashlib.sha256(sums).hexdigest()


def listed(files: Mapping[str, str]) -> bytes:
    """Return the list of hashes as `sha256sum --check` reads it."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items())).encode()


def remove(folder: Path) -> None:
    """Remove a folder of copies that nobody registered."""
    if folder.exists():
        shutil.rmtree(folder)


def _copy(root: int, name: str, expected: str, target: Path, goes_on: Callable[[], None]) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    try:
        with plain_file(root, name) as file, target.open("xb") as copied:
            while piece := os.read(file, PIECE_BYTES):
                sha256.update(piece)
                copied.write(piece)
                goes_on()
    except OSError as error:
        raise Invalid(f"“{shown(name)}” can’t be copied: {error.strerror or error}.") from error
    if sha256.hexdigest() != expected:
        raise Invalid(f"“{shown(name)}” was changed after it was examined; have the folder examined again.")


def _freeze(folder: Path) -> None:
    for where, folders, files in os.walk(folder):
        for name in files:
            (Path(where) / name).chmod(FROZEN_FILE)
        for name in folders:
            (Path(where) / name).chmod(FROZEN_FOLDER)
    folder.chmod(FROZEN_FOLDER)


def _require_same(target: Path, sums: bytes) -> None:
    """Take copies that a worker left, killed before it registered them, if they are the same."""
    try:
        same = (target / SUMS).read_bytes() == sums
    except OSError:
        same = False
    if not same:
        raise WrongState(
            f"The folder {target.name} holds other files already; the enclave’s operator has to look at it."
        )
