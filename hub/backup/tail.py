"""The ledger's end: the highest checkpoint seen, kept outside the state, and a shorter ledger told from it.

A backup is older than what it is restored after. Whoever restores one takes back every act since, a
revocation included; that is never done in silence.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.backup.failure import BackupRefused
from hub.ledger import tree
from hub.ledger.checkpoint import Checkpoint, CheckpointRefused, Verifier
from hub.ledger.tiles import Tiles, TilesBroken
from hub.places import Places


@dataclass(frozen=True)
class Lost:
    """Entries that were seen published and are not in a ledger."""

    first: int
    last: int
    root: str

    def sentence(self) -> str:
        """Say which entries these are."""
        if self.first == self.last:
            return f"entry {self.first} is missing, published after this backup was made"
        count = self.last - self.first + 1
        return (
            f"entries {self.first} to {self.last} are missing, {count} published after this backup was made"
        )


def kept_at(places: Places, verifier: Verifier) -> Path:
    """Return where this machine keeps the highest checkpoint it saw of a ledger: not in its state."""
    return places.tools / "seen" / f"{places.enclave}-{verifier.key_id.hex()}.checkpoint"


def seen(places: Places, verifier: Verifier, *, given: Path | None) -> Checkpoint | None:
    """Return the highest checkpoint seen, of the one given and the one kept; None where there is none.

    One that this ledger did not sign is refused: then one of the two is not what it is taken for.
    """
    notes = []
    if given is not None:
        try:
            notes.append((given, given.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise BackupRefused(f"the checkpoint {given} can’t be read: {error}") from error
    kept = kept_at(places, verifier)
    if kept.exists():
        notes.append((kept, kept.read_text(encoding="utf-8")))
    found = []
    for path, note in notes:
        try:
            found.append(verifier.read(note))
        except CheckpointRefused as error:
            raise BackupRefused(
                f"the checkpoint in {path} is not of the ledger whose key is in this backup: {error}"
            ) from error
    return max(found, key=lambda one: one.size, default=None)


def compare(hashes: Sequence[bytes], checkpoint: Checkpoint) -> Lost | None:
    """Return what a ledger lacks of what was seen; one that tells another story is refused."""
    if len(hashes) < checkpoint.size:
        return Lost(len(hashes), checkpoint.size - 1, checkpoint.root.hex())
    if tree.root(list(hashes[: checkpoint.size])) != checkpoint.root:
        raise BackupRefused(
            f"the ledger’s first {checkpoint.size} entries are not those that were seen published; "
            "somebody wrote another history"
        )
    return None


def remember(places: Places, verifier: Verifier, note: str, *, lower: bool = False) -> None:
    """Keep a checkpoint if it is the highest so far; `lower` replaces a higher one, which stays beside."""
    fresh = verifier.read(note)
    path = kept_at(places, verifier)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.exists():
        old = verifier.read(path.read_text(encoding="utf-8"))
        if old.size >= fresh.size and not lower:
            return
        if old.size > fresh.size:
            path.replace(path.with_name(f"{path.stem}.lost-at-{old.size}"))
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as out:
        out.write(note)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def look(places: Places, verifier: Verifier) -> str:
    """Hold the published ledger against what was seen of it, keep what is newer, and say how it stands."""
    tiles = Tiles(places.state / "ledger")
    note = tiles.read_checkpoint()
    before = seen(places, verifier, given=None)
    if note is None:
        if before is not None and before.size:
            raise BackupRefused(f"nothing is published, but {before.size} entries were seen published")
        return "nothing is published yet"
    now = verifier.read(note)
    if before is not None:
        if now.size < before.size:
            raise BackupRefused(
                f"entries {now.size} to {before.size - 1} were seen published and are published no more"
            )
        try:
            same = tiles.root(before.size) == before.root
        except TilesBroken as error:
            raise BackupRefused(f"the published ledger is broken: {error}") from error
        if not same:
            raise BackupRefused(
                f"the first {before.size} entries are not those that were seen published before"
            )
    remember(places, verifier, note)
    return f"{now.size} entries continue the {before.size if before else 0} that were seen before"
