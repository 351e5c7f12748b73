"""A power cut: what had reached the disk at one moment, and nothing else, is started elsewhere.

The state lies on an ext4 of its own in a file. What programs wrote and never synced is in memory above
that file and not in it, so a copy of the file is what a machine without power would find.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests import ports
from tests.chaos import world
from tests.chaos.book import Book, read
from tests.chaos.world import World

DISK_BYTES = 2 << 30
# Nothing is written back early, and a file's content is not tied to its name: what was not synced is gone.
MOUNT = "loop,commit=600,noauto_da_alloc,data=writeback"
NOW = "lazy_itable_init=0,lazy_journal_init=0"
TRIES = 50


class NotStill(Exception):
    """The disk was written to whenever it was copied."""


@contextmanager
def disk(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a new disk: the file that it is, and where it is mounted."""
    file = folder / "disk"
    with file.open("wb") as made:
        made.truncate(DISK_BYTES)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-N", "16384", "-J", "size=16", "-E", NOW, str(file))
    with mounted(file, folder / "mounted") as where:
        yield file, where


@contextmanager
def mounted(file: Path, where: Path) -> Iterator[Path]:
    """Mount a disk, its journal replayed as after a cut."""
    where.mkdir()
    _run("mount", "-o", MOUNT, str(file), str(where))
    try:
        yield where
    finally:
        _run("umount", str(where))


def cut(running: World, file: Path, copy: Path) -> None:
    """Copy the disk as it is at one moment, with every process stopped in the middle of what it does."""
    held = [one for role, one in running.running.items() if role != "opa"]
    for one in held:
        one.send(signal.SIGSTOP)
    try:
        for _ in range(TRIES):
            before = _written(file)
            _run("cp", "--sparse=always", str(file), str(copy))
            if _written(file) == before:
                return
        raise NotStill(str(file))
    finally:
        for one in held:
            one.send(signal.SIGCONT)


def after(before: World, copy: Path, book: Book, folder: Path) -> list[str]:
    """Start an enclave from what the cut left, and return what of the book does not hold there."""
    with mounted(copy, folder) as where, tempfile.TemporaryDirectory(prefix="plt-") as run:
        state = where / before.stage.state.name
        stage = replace(before.stage, state=state, run=Path(run), port=ports.free(6), running=[], clerk=None)
        made = world.begun(stage)
        try:
            stage.until(lambda: world.answers(made), "portal and policies answer")
            return [*made.at_rest(), *made.broken(book, {})]
        finally:
            made.stop()


def said_until_now(book: Book) -> Book:
    """Return what was acknowledged up to now."""
    return read(book.text())


def _written(file: Path) -> str:
    listed = subprocess.run(
        ["losetup", "-n", "-O", "NAME", "-j", str(file)], capture_output=True, text=True, check=True
    )
    name = Path(listed.stdout.split()[0]).name
    return Path(f"/sys/block/{name}/stat").read_text()


def _run(*words: str) -> None:
    ran = subprocess.run(words, capture_output=True, text=True)
    assert ran.returncode == 0, f"{words}: {ran.stderr}"
