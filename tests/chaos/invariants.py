"""What must hold after every kill, asked of the database, the vault and the ledger in one reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import transaction

from egress_review.models import File, Release, Review, Submission, Vote
from egress_review.states import State
from egress_review.vault import Stored, Vault, VaultAltered
from hub.ledger import audit, entries, publisher, tree
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles, TilesBroken
from hub.places import places
from tests.chaos import book as books

UNSCREENED = {State.SUBMITTED.value, State.SCREENING.value}


def broken(book: Path, *, since: int = 0, known: Iterable[str] = ()) -> dict[str, object]:
    """Return what does not hold, and how far this looked; what is older than `since` or `known` was read."""
    said = books.read(book.read_text())
    looked = set(known)
    tiles = Tiles(publisher.folder())
    # Read before the database: what was published by then must be in there.
    note = tiles.read_checkpoint()
    found: list[str] = []
    with transaction.atomic():
        found += _handed_in(said, looked)
        found += _votes(said)
        found += _releases(said)
        found += _acts(said)
        hashes = _entries(since, found)
        found += _ledger(note, tiles, hashes, said)
    return {"broken": found, "entries": len(hashes), "files": sorted(looked)}


def at_rest() -> list[str]:
    """Return what is left over although every process has had its time to finish or undo it."""
    vault = Vault(places.state / "vault")
    found = [f"half of a file stays in incoming: {path.name}" for path in (vault.root / "incoming").iterdir()]
    found += [f"copies of a screening stay: {path.name}" for path in (vault.root / "screening").iterdir()]
    waiting = Submission.objects.filter(state__in=[*UNSCREENED, State.APPROVED.value])
    found += [f"submission {one.pk} stays {one.state}: {one.held_reason}" for one in waiting]
    report = audit.verify(Tiles(publisher.folder()), publisher.signer().verifier)
    found += [finding.text for finding in report.findings if not finding.good]
    last = audit.published()
    if last is None or last.size != Entry.objects.count():
        found.append("entries wait although a publisher had its time")
    return found


def _handed_in(book: books.Book, looked: set[str]) -> Iterator[str]:
    files: dict[str, dict[str, str]] = {}
    vault = Vault(places.state / "vault")
    for file in File.objects.all():
        files.setdefault(file.submission_id, {})[file.name] = file.sha256
        for sha256, size in (
            (file.sha256, file.size_bytes),
            (file.canonical_sha256, file.canonical_size_bytes or 0),
        ):
            if sha256 and sha256 not in looked:
                try:
                    vault.verify(Stored(sha256, size))
                    looked.add(sha256)
                except VaultAltered as error:
                    yield f"file {file.id} of submission {file.submission_id}: {error}"
    for submission, given in book.handed_in.items():
        if files.get(submission) != given:
            yield f"submission {submission} was answered with 201, but holds {files.get(submission)}"
    for submission in Submission.objects.exclude(pk__in=files):
        yield f"submission {submission.pk} holds no file"


def _votes(book: books.Book) -> Iterator[str]:
    cast = Counter(Review.objects.values_list("submission_id", "reviewer_id"))
    written = Counter(Entry.objects.filter(kind=Kind.VOTED).values_list("subject", "by"))
    for vote in book.voted:
        if not cast[tuple(vote)]:
            yield f"the vote of {vote[1]} on {vote[0]} was taken, and is gone"
    yield from (f"{vote} counts {times} times" for vote, times in cast.items() if times > 1)
    if cast != written:
        yield f"votes and the ledger's votes differ: {set((cast - written) + (written - cast))}"


def _releases(book: books.Book) -> Iterator[str]:
    released = Counter(Entry.objects.filter(kind=Kind.RELEASED).values_list("subject", flat=True))
    kept = Counter(Release.objects.values_list("submission_id", flat=True))
    state = Counter(Submission.objects.filter(state=State.RELEASED).values_list("pk", flat=True))
    if not released == kept == state:
        yield f"releases, their entries and states differ: {released} {kept} {state}"
    yield from (f"submission {one} was released {times} times" for one, times in kept.items() if times > 1)
    reviews = Review.objects.filter(submission__in=kept).values_list(
        "submission_id", "reviewer_id", "vote", "submission__author_id"
    )
    approvers: dict[str, set[str]] = {}
    for submission, reviewer, vote, author in reviews:
        if vote == Vote.APPROVE and reviewer != author:
            approvers.setdefault(submission, set()).add(reviewer)
    yield from (f"submission {one} left unreviewed" for one in kept if len(approvers.get(one, ())) < 2)
    canonical = {
        (file.submission_id, file.id): file.canonical_sha256
        for file in File.objects.filter(submission__in=kept)
    }
    for submission, file, sha256 in book.downloaded:
        if canonical.get((submission, file)) != sha256:
            yield f"bytes left that are not the release's: {submission} {file}"


def _acts(book: books.Book) -> Iterator[str]:
    subjects = {
        kind: Counter(Entry.objects.filter(kind=kind).values_list("subject", flat=True))
        for kind in (Kind.HANDED_IN, Kind.SCREENED, Kind.WITHDRAWN, Kind.DOWNLOADED)
    }
    rows = list(Submission.objects.values_list("pk", "state", "screened_at"))
    expected = {
        Kind.HANDED_IN: Counter(pk for pk, _, _ in rows),
        Kind.SCREENED: Counter(pk for pk, _, screened_at in rows if screened_at),
        Kind.WITHDRAWN: Counter(pk for pk, state, _ in rows if state == State.WITHDRAWN),
    }
    for kind, wanted in expected.items():
        if subjects[kind] != wanted:
            differ = set((subjects[kind] - wanted) + (wanted - subjects[kind]))
            yield f"the ledger's {kind} entries are not the submissions': {differ}"
    for pk in book.withdrawn:
        if not subjects[Kind.WITHDRAWN][pk]:
            yield f"submission {pk} was taken back, and is not"
    for pk, times in Counter(one for one, _, _ in book.downloaded).items():
        if subjects[Kind.DOWNLOADED][pk] < times:
            there = subjects[Kind.DOWNLOADED][pk]
            yield f"submission {pk} was downloaded {times} times, and the ledger has {there}"


def _entries(since: int, found: list[str]) -> list[bytes]:
    rows = Entry.objects.order_by("index")
    hashes = [bytes(value) for value in rows.values_list("leaf_hash", flat=True)]
    last = rows.values_list("index", flat=True).last()
    if hashes and last != len(hashes) - 1:
        found.append(f"the ledger has {len(hashes)} entries, but its last is {last}")
    found += [
        f"entry {row.index} is not what its leaf commits to"
        for row in rows.filter(index__gte=since)
        if not entries.is_faithful(row)
    ]
    return hashes


def _ledger(note: str | None, tiles: Tiles, hashes: list[bytes], book: books.Book) -> Iterator[str]:
    roots = _roots(hashes, at=set(book.checkpoints))
    for size, root in book.checkpoints.items():
        if roots.get(size, b"").hex() != root:
            yield f"a signed checkpoint over {size} entries is out there, and this is not its ledger"
    if note is None:
        return
    signed = publisher.signer().verifier.read(note)
    if len(hashes) < signed.size or tree.root(hashes[: signed.size]) != signed.root:
        yield f"the database is not what was signed over {signed.size} entries"
    try:
        if tiles.root(signed.size) != signed.root:
            yield "the tiles do not make the root that was signed"
    except TilesBroken as error:
        yield f"the tiles can't be read: {error}"


def _roots(hashes: list[bytes], at: set[int]) -> dict[int, bytes]:
    """Return the root at each of these sizes, in one pass over the leaves."""
    stack: list[tuple[int, bytes]] = []
    found: dict[int, bytes] = {}
    for size, node in enumerate(hashes, start=1):
        height = 0
        while stack and stack[-1][0] == height:
            node = tree.node_hash(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
        if size in at:
            found[size] = tree.root_of_subtrees(stack)
    return found
