"""The vault: files addressed by the hash of their content, never overwritten, verified when they are read."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from egress_review.incoming import Incoming, Writer, forget_orphans
from hub import files
from hub.errors import Unavailable

CHUNK_BYTES = 256 * 1024
FOLDERS = ("sha256", "incoming", "screening", "writers")
HASH = re.compile(r"[0-9a-f]{64}")


class VaultAltered(Unavailable):
    """Bytes in the vault are missing or no longer those that were frozen; nothing was served."""


@dataclass(frozen=True)
class Stored:
    """Content in the vault, by its hash and size."""

    sha256: str
    size_bytes: int


class Vault:
    """The folder of frozen content."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._writer: Writer | None = None

    def prepare(self) -> None:
        """Make the folders that are missing."""
        for name in FOLDERS:
            (self.root / name).mkdir(mode=0o770, parents=True, exist_ok=True)

    def incoming(self) -> Incoming:
        """Return a new file to write into."""
        if self._writer is None or self._writer.process != os.getpid():
            self._writer = Writer(self.root / "writers")
        return Incoming(self.root / "incoming", self._writer.name)

    def forget_orphans(self) -> int:
        """Remove what killed processes left half written; return how many files that was."""
        return forget_orphans(self.root / "incoming", self.root / "writers")

    def free_bytes(self) -> int:
        """Return how much room is left for the vault's users."""
        facts = os.statvfs(self.root)
        return facts.f_bavail * facts.f_frsize

    def path(self, sha256: str) -> Path:
        """Return where content of this hash lies."""
        if not HASH.fullmatch(sha256):
            raise VaultAltered("The record of this file names no content; tell the enclave's admin.")
        return self.root / "sha256" / sha256[:2] / sha256

    def keep(self, incoming: Incoming) -> Stored:
        """Move finished content to its place; what lies there already must be the same."""
        stored = Stored(incoming.sha256, incoming.size_bytes)
        place = self.path(stored.sha256)
        place.parent.mkdir(mode=0o770, exist_ok=True)
        try:
            os.link(incoming.path, place)
        except FileExistsError:
            self.verify(stored)
        incoming.path.unlink(missing_ok=True)
        for folder in (place.parent, place.parent.parent):
            files.sync(folder)
        return stored

    def put(self, data: bytes) -> Stored:
        """Keep content given as bytes."""
        incoming = self.incoming()
        try:
            incoming.write(data)
            incoming.finish()
            return self.keep(incoming)
        finally:
            incoming.drop()

    def verify(self, stored: Stored) -> None:
        """Read content through and raise VaultAltered unless it is what was frozen."""
        for _ in self.chunks(stored):
            pass

    def read(self, stored: Stored, *, most_bytes: int) -> bytes:
        """Return verified content that is no larger than `most_bytes`."""
        if stored.size_bytes > most_bytes:
            raise VaultAltered(f"This file has {stored.size_bytes} bytes; {most_bytes} may be read at once.")
        return b"".join(self.chunks(stored))

    def chunks(self, stored: Stored) -> Generator[bytes]:
        """Yield content; the last piece is held back until the hash over all of it is right."""
        digest = hashlib.sha256()
        size = 0
        held = b""
        descriptor = self._open(stored)
        try:
            while piece := os.read(descriptor, CHUNK_BYTES):
                digest.update(piece)
                size += len(piece)
                if size > stored.size_bytes:
                    raise _altered(stored)
                if held:
                    yield held
                held = piece
        finally:
            os.close(descriptor)
        if size != stored.size_bytes or digest.hexdigest() != stored.sha256:
            raise _altered(stored)
        yield held

    def copy_to(self, stored: Stored, target: Path) -> None:
        """Write a verified copy with an inode of its own; nothing is left when it can't be verified."""
        # No hard link: the screener's container must not share an inode with what was frozen.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in self.chunks(stored):
                    file.write(piece)
                os.fchmod(file.fileno(), 0o444)
        except VaultAltered:
            target.unlink()
            raise

    def _open(self, stored: Stored) -> int:
        try:
            descriptor = os.open(self.path(stored.sha256), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise _altered(stored) from error
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size != stored.size_bytes:
            os.close(descriptor)
            raise _altered(stored)
        return descriptor


def _altered(stored: Stored) -> VaultAltered:
    return VaultAltered(
        f"The vault's content {stored.sha256[:12]}… is missing or was changed after it was frozen; "
        "it does not leave. Tell the enclave's admin."
    )
