"""Verifying the ledger from both ends: what the database holds, and what was signed and published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.ledger import decisions, entries, proofs, publisher, tree
from hub.ledger.checkpoint import Checkpoint, CheckpointRefused, Verifier
from hub.ledger.findings import Finding
from hub.ledger.models import Decision, Entry
from hub.ledger.tiles import Tiles, TilesBroken

CHUNK = 1000


@dataclass(frozen=True)
class Report:
    """Everything that was checked."""

    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """True when nothing was found wrong."""
        return all(finding.good for finding in self.findings)


def verify(tiles: Tiles, verifier: Verifier, *, since: str = "") -> Report:
    """Recompute the ledger from database and published files, compare them, and with a note seen before."""
    hashes, bad = _database()
    findings = [Finding(not bad, text) for text in bad] or [
        Finding(True, f"the database holds {len(hashes)} entries without a gap, each true to its leaf")
    ]
    findings.append(_decisions())
    findings += _published(tiles, verifier, hashes)
    if since:
        findings.append(_continues(hashes, verifier, since))
    return Report(tuple(findings))


def _database() -> tuple[list[bytes], list[str]]:
    hashes: list[bytes] = []
    bad: list[str] = []
    for place, entry in enumerate(Entry.objects.order_by("index").iterator(CHUNK)):
        if entry.index != place and not bad:
            bad.append(f"the entry after {place - 1} is {entry.index}: entries are missing")
        if not entries.is_faithful(entry):
            bad.append(f"entry {entry.index} is not what its leaf commits to")
        hashes.append(tree.leaf_hash(bytes(entry.leaf)))
    return hashes, bad


def _decisions() -> Finding:
    count, bad = 0, []
    for row in Decision.objects.select_related("entry").iterator(CHUNK):
        count += 1
        if not decisions.is_faithful(row):
            bad.append(row.id)
    if bad:
        return Finding(False, f"decisions that differ from their digest on the ledger: {', '.join(bad)}")
    return Finding(True, f"{count} decisions match their digests on the ledger")


def _published(tiles: Tiles, verifier: Verifier, hashes: list[bytes]) -> Iterator[Finding]:
    note = tiles.read_checkpoint()
    if note is None:
        yield Finding(not hashes, "nothing is published yet; `python -m hub.ledger publish` does it")
        return
    try:
        checkpoint = verifier.read(note)
        yield Finding(True, f"the checkpoint over {checkpoint.size} entries is signed by {verifier.vkey()}")
        published = tiles.check(checkpoint.size)
    except (CheckpointRefused, TilesBroken) as error:
        yield Finding(False, str(error))
        return
    yield _same(published == checkpoint.root, "the published tiles", checkpoint)
    ours = tree.root(hashes[: checkpoint.size])
    yield _same(len(hashes) >= checkpoint.size and ours == checkpoint.root, "the database", checkpoint)
    waiting = len(hashes) - checkpoint.size
    if waiting > 0:
        yield Finding(True, f"{waiting} newer entries wait for the next checkpoint")


def _continues(hashes: list[bytes], verifier: Verifier, note: str) -> Finding:
    try:
        seen = verifier.read(note)
    except CheckpointRefused as error:
        return Finding(False, f"{error}; nothing is compared with it")
    good = len(hashes) >= seen.size and tree.root(hashes[: seen.size]) == seen.root
    verb = "continues" if good else "does NOT continue"
    return Finding(good, f"the database {verb} the checkpoint over {seen.size} entries that you gave")


def _same(good: bool, what: str, checkpoint: Checkpoint) -> Finding:
    verb = "make" if good else "do NOT make"
    return Finding(good, f"the entries in {what} {verb} the signed root {checkpoint.root.hex()}")


@dataclass(frozen=True)
class Proof:
    """Why an entry is in the tree that was signed."""

    entry: Entry
    checkpoint: Checkpoint
    nodes: tuple[bytes, ...]
    good: bool


def proof(index: int, checkpoint: Checkpoint) -> Proof | None:
    """Return the inclusion proof of an entry; None when the checkpoint is older than the entry.

    From a few published tiles; where these are missing or broken, from every entry of the database.
    """
    entry = Entry.objects.get(index=index)
    if index >= checkpoint.size:
        return None
    try:
        nodes = Tiles(publisher.folder()).inclusion_proof(index, checkpoint.size)
        if _leads(entry, nodes, checkpoint):
            return Proof(entry, checkpoint, tuple(nodes), good=True)
    except TilesBroken:
        pass
    found = Entry.objects.filter(index__lt=checkpoint.size).order_by("index")
    hashes = [bytes(value) for value in found.values_list("leaf_hash", flat=True)]
    nodes = tree.inclusion_proof(hashes, index)
    return Proof(entry, checkpoint, tuple(nodes), _leads(entry, nodes, checkpoint))


def _leads(entry: Entry, nodes: Sequence[bytes], checkpoint: Checkpoint) -> bool:
    return tree.verify_inclusion(
        leaf=tree.leaf_hash(bytes(entry.leaf)),
        index=entry.index,
        size=checkpoint.size,
        proof=nodes,
        root=checkpoint.root,
    )


def portable(index: int) -> tuple[bytes, proofs.Proof] | None:
    """Return an entry's leaf and its proof as outsiders take it; None while nothing signed covers it."""
    note = Tiles(publisher.folder()).read_checkpoint()
    if note is None:
        return None
    verifier = publisher.signer().verifier
    found = proof(index, verifier.read(note))
    if found is None:
        return None
    if not found.good:
        raise publisher.HistoryChanged(f"entry {index} of the database is not in the tree that was signed")
    return bytes(found.entry.leaf), proofs.Proof(index, found.nodes, verifier.own(note))


def published(tiles: Tiles | None = None) -> Checkpoint | None:
    """Return the last signed checkpoint; None before the first."""
    note = (tiles or Tiles(publisher.folder())).read_checkpoint()
    return publisher.signer().verifier.read(note) if note else None
