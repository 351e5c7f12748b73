"""What is published: verified by a program nobody here wrote and by ours; history is never re-signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from hub.ledger import audit, entries, publisher
from hub.ledger.checkpoint import Signer
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.publisher import HistoryChanged
from hub.ledger.tiles import Tiles
from tests import fsck as fsck_program

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1000)]


def append(count: int) -> None:
    """Append entries in one transaction."""
    with transaction.atomic():
        for number in range(count):
            entries.append(
                Kind.VIEWED, by=f"01person{number % 7}", subject=f"01thing{number}", facts={"n": number}
            )


def verified(program: Path, tiles: Tiles, signer: Signer) -> bool:
    """Return whether the other program finds the folder sound under a signer's key."""
    key = tiles.folder.with_name("ledger.pub")
    key.write_text(signer.verifier.vkey())
    return fsck_program.verified(program, tiles.folder, key)


def lines(report: audit.Report) -> str:
    """Return what is wrong."""
    return "; ".join(finding.text for finding in report.findings if not finding.good)


def test_five_thousand_entries_pass_the_other_program_and_a_flipped_byte_does_not(
    tiles: Tiles, signer: Signer, fsck: Path
) -> None:
    append(3000)
    publisher.publish()
    append(1)
    publisher.publish()
    append(1999)
    publisher.publish()
    assert verified(fsck, tiles, signer)
    report = audit.verify(tiles, signer.verifier)
    assert report.good, lines(report)
    for name in ("tile/0/003", "tile/entries/011", "tile/1/000.p/19"):
        path = tiles.folder / name
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
        assert not verified(fsck, tiles, signer), name
        assert not audit.verify(tiles, signer.verifier).good, name
        path.write_bytes(data)
    assert audit.verify(tiles, signer.verifier).good


def test_another_key_is_refused_by_the_other_program(tiles: Tiles, fsck: Path, signer: Signer) -> None:
    append(3)
    publisher.publish()
    stranger = Signer(signer.origin, Ed25519PrivateKey.generate())
    assert not verified(fsck, tiles, stranger)


def test_every_entry_has_a_proof_that_verifies(tiles: Tiles) -> None:
    append(37)
    checkpoint = publisher.publish()
    assert checkpoint is not None
    for index in range(37):
        proof = audit.proof(index, checkpoint)
        assert proof is not None and proof.good


def test_an_erased_entry_stays_provable(tiles: Tiles, signer: Signer) -> None:
    append(10)
    publisher.publish()
    entries.erase(by="01admin", index=4, why="asked for")
    publisher.publish()
    report = audit.verify(tiles, signer.verifier)
    assert report.good, lines(report)


@pytest.fixture
def without_triggers() -> Iterator[None]:
    """An attacker who owns the database takes the triggers away first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_%'")
        for name, _ in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
    yield


def attack(sql: str) -> None:
    """Change the database behind the models' back."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


REWRITES = {
    "an entry's text": 'UPDATE ledger_entry SET "by" = \'01innocent\' WHERE "index" = 5',
    "an entry's kind": "UPDATE ledger_entry SET kind = 'saved' WHERE \"index\" = 5",
    "an entry's leaf": 'UPDATE ledger_entry SET leaf = (SELECT leaf FROM ledger_entry WHERE "index" = 6) '
    'WHERE "index" = 5',
    "a deleted entry": 'DELETE FROM ledger_entry WHERE "index" = 5',
    "a deleted end": 'DELETE FROM ledger_entry WHERE "index" > 5',
    "an erasure that keeps the kind wrong": "UPDATE ledger_entry SET \"by\" = '', subject = '', "
    "facts = '{}', salt = x'', kind = 'saved' WHERE \"index\" = 5",
}


@pytest.mark.parametrize("sql", REWRITES.values(), ids=REWRITES)
def test_rewriting_the_database_is_noticed(
    sql: str, tiles: Tiles, signer: Signer, without_triggers: None
) -> None:
    append(10)
    publisher.publish()
    attack(sql)
    assert not audit.verify(tiles, signer.verifier).good


def test_history_rewritten_with_its_hashes_is_never_signed(tiles: Tiles, without_triggers: None) -> None:
    append(10)
    publisher.publish()
    before = tiles.read_checkpoint()
    other = Entry.objects.get(index=6)
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE ledger_entry SET leaf = %s, leaf_hash = %s WHERE "index" = 5',
            [other.leaf, other.leaf_hash],
        )
    append(1)
    with pytest.raises(HistoryChanged):
        publisher.publish()
    assert tiles.read_checkpoint() == before


def test_a_database_put_back_to_an_older_state_is_never_signed(tiles: Tiles, without_triggers: None) -> None:
    append(10)
    publisher.publish()
    before = tiles.read_checkpoint()
    attack('DELETE FROM ledger_entry WHERE "index" >= 8')
    with pytest.raises(HistoryChanged, match="holds 8 entries, but 10 were published"):
        publisher.publish()
    assert tiles.read_checkpoint() == before


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"])
@pytest.mark.parametrize("harm", ["flipped", "gone", "torn"])
def test_broken_tiles_are_made_again_from_the_database(
    tiles: Tiles, signer: Signer, name: str, harm: str, fsck: Path
) -> None:
    append(300)
    publisher.publish()
    path = tiles.folder / name
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if harm == "flipped" else data[: len(data) // 2])
    append(1)
    publisher.publish()
    publisher.restore()
    report = audit.verify(tiles, signer.verifier)
    assert report.good, lines(report)
    assert verified(fsck, tiles, signer)


def test_a_crash_between_tiles_and_checkpoint_is_caught_up(
    tiles: Tiles, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(250)
    publisher.publish()
    append(600)

    def crash(self: Tiles, note: str) -> None:
        raise OSError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(Tiles, "write_checkpoint", crash)
        with pytest.raises(OSError, match="killed here"):
            publisher.publish()
    checkpoint = publisher.publish()
    assert checkpoint is not None and checkpoint.size == 850
    assert audit.verify(tiles, signer.verifier).good


def test_only_one_process_publishes_at_a_time(tiles: Tiles) -> None:
    append(1)
    with publisher._alone() as mine:
        assert mine
        assert publisher.publish() is None
    assert publisher.publish() is not None


def test_an_empty_ledger_can_be_published(tiles: Tiles, signer: Signer) -> None:
    checkpoint = publisher.publish()
    assert checkpoint is not None and checkpoint.size == 0
    assert audit.verify(tiles, signer.verifier).good
