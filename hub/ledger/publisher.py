"""Publishing the ledger: from the database, which is the truth, to signed files that outsiders can verify."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from hub.ledger import tree
from hub.ledger.checkpoint import Checkpoint, Signer
from hub.ledger.models import Entry
from hub.ledger.tiles import WIDTH, Tiles, TilesBroken
from hub.places import places

log = logging.getLogger(__name__)

BATCH = 16 * WIDTH


class HistoryChanged(Exception):
    """The database no longer continues what was signed and published; nothing new is signed."""


def origin() -> str:
    """Return the log's name, by which its key and its checkpoints are known."""
    return f"{places.enclave}.localhost/ledger"


@cache
def signer() -> Signer:
    """Return this enclave's signer; the key is read once."""
    return Signer.from_pem(origin(), places.secret("data", "ledger.key"))


def folder() -> Path:
    """Return the folder of the published files."""
    return places.state / "ledger"


def publish() -> Checkpoint | None:
    """Publish what was appended since the last checkpoint; None while another process is publishing.

    A tree that doesn't continue the last signed checkpoint is never signed.
    """
    with _alone() as mine:
        return _publish(Tiles(folder()), signer()) if mine else None


def restore() -> Checkpoint | None:
    """Write every published file again from the database, if it still is the history that was signed."""
    with _alone() as mine:
        tiles = Tiles(folder())
        note = tiles.read_checkpoint()
        if not mine or note is None:
            return None
        before = signer().verifier.read(note)
        _rebuild(tiles, before)
        return before


def _publish(tiles: Tiles, signer: Signer) -> Checkpoint:
    note = tiles.read_checkpoint()
    before = signer.verifier.read(note) if note else Checkpoint(signer.origin, 0, tree.EMPTY_ROOT)
    last = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    size = 0 if last is None else last + 1
    if size < before.size:
        raise HistoryChanged(
            f"the database holds {size} entries, but {before.size} were published; restore it from a backup"
        )
    if size == before.size and note:
        return before
    reached = before.size if _sound(tiles, before) else _rebuild(tiles, before)
    while reached < size:
        step = min(size, reached + BATCH)
        _extend(tiles, reached, step)
        reached = step
    root = tiles.root(size)
    tiles.write_checkpoint(signer.sign(size=size, root=root))
    tiles.forget_partials(old=before.size, size=size)
    return Checkpoint(signer.origin, size, root)


def _sound(tiles: Tiles, before: Checkpoint) -> bool:
    try:
        if tiles.root(before.size) != before.root:
            raise TilesBroken("the tiles do not make the root that was signed")
    except TilesBroken as error:
        log.error("ledger_tiles_broken why=%s", error)
        return False
    # The tile that grows next is written again from the database: it must hold what was published.
    start = before.size - before.size % WIDTH
    rows = _rows(start, before.size)
    if [tree.leaf_hash(leaf) for leaf in rows] != tiles.hashes(0, start // WIDTH, before.size % WIDTH):
        raise HistoryChanged(f"entries from {start} on differ from those published; restore the database")
    return True


def _rebuild(tiles: Tiles, before: Checkpoint) -> int:
    """Write every tile again from the database, if it still is the history that was signed."""
    hashes = [tree.leaf_hash(leaf) for leaf in _rows(0, before.size)]
    if tree.root(hashes) != before.root:
        raise HistoryChanged(
            f"the database's first {before.size} entries are not those that were signed; restore a backup"
        )
    for start in range(0, before.size, BATCH):
        _extend(tiles, start, min(before.size, start + BATCH))
    return before.size


def _extend(tiles: Tiles, old: int, size: int) -> None:
    first = old - old % WIDTH
    tiles.extend(old=old, first=first, leaves=_rows(first, size))


def _rows(start: int, end: int) -> list[bytes]:
    found = Entry.objects.filter(index__gte=start, index__lt=end).order_by("index")
    leaves = [bytes(leaf) for leaf in found.values_list("leaf", flat=True)]
    if len(leaves) != end - start:
        raise HistoryChanged(f"the database lacks entries between {start} and {end}; restore a backup")
    return leaves


@contextmanager
def _alone() -> Iterator[bool]:
    """Yield whether this process may publish now; the loser need not wait, the winner publishes for both."""
    handle = os.open(folder() / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o660)
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            # Whoever made it first, with whatever umask: the others of the group take turns with it.
            os.fchmod(handle, 0o660)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
