"""Files on their way into the vault, and who writes them: what a killed writer left is forgotten."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from pathlib import Path

from hub import ids

log = logging.getLogger("parlatory.vault")

FROZEN = 0o440


class Writer:
    """One process that writes into the vault; it is known to live by a lock that ends with it."""

    def __init__(self, folder: Path) -> None:
        self.process = os.getpid()
        while True:
            self.name = ids.new()
            descriptor = os.open(folder / self.name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o660)
            # Whatever the umask: the other processes of the vault must be able to ask whether it lives.
            os.fchmod(descriptor, 0o660)
            # Between those two lines another may have taken it for one that a dead process left.
            if _lock(descriptor) and os.fstat(descriptor).st_nlink:
                self._descriptor = descriptor
                return
            os.close(descriptor)


class Incoming:
    """A file on its way into the vault: written once, hashed as it arrives, not yet kept."""

    def __init__(self, folder: Path, writer: str) -> None:
        self.path = folder / f"{writer}-{ids.new()}.part"
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        self.sha256 = ""

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes."""
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            view = view[written:]
        self._hash.update(data)
        self.size_bytes += len(data)

    def finish(self) -> None:
        """Freeze what arrived: on disk, read-only, its hash known."""
        os.fsync(self._descriptor)
        os.fchmod(self._descriptor, FROZEN)
        os.close(self._descriptor)
        self._descriptor = -1
        self.sha256 = self._hash.hexdigest()

    def drop(self) -> None:
        """Forget what arrived; content that was kept meanwhile stays in the vault."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self.path.unlink(missing_ok=True)


def forget_orphans(incoming: Path, writers: Path) -> int:
    """Remove what writers that no longer live have left half done; return how many files that was."""
    # Listed before their writers: a living one's name is there before its first file.
    parts: dict[str, list[Path]] = {}
    for path in incoming.glob("*.part"):
        parts.setdefault(path.name.partition("-")[0], []).append(path)
    living = {path.name for path in writers.iterdir() if not _buried(path)}
    orphans = [path for writer, paths in parts.items() if writer not in living for path in paths]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _buried(writer: Path) -> bool:
    """Whether a writer is gone; its name goes with it. Of one that can't be asked nothing is forgotten."""
    try:
        descriptor = os.open(writer, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    except PermissionError:
        log.warning("incoming_writer_unknown writer=%s", writer.name)
        return False
    try:
        if not _lock(descriptor):
            return False
        writer.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
