"""Attacks on the ledger, each with the control that stops it and what happens once that control is gone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, connection, transaction

from hub.ledger import audit, entries, publisher
from hub.ledger.checkpoint import CheckpointRefused, Signer
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.publisher import HistoryChanged
from hub.ledger.tiles import Tiles
from tests import own_ledger

pytestmark = pytest.mark.django_db
HIDE = 'UPDATE ledger_entry SET leaf = %s, leaf_hash = %s WHERE "index" = 1'


@pytest.fixture
def tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiles:
    """A ledger of three published entries, with a key of its own."""
    made = own_ledger.opened(tmp_path, monkeypatch)
    for kind in (Kind.SIGNED_IN, Kind.RELEASED, Kind.SIGNED_OUT):
        append(kind)
    publisher.publish()
    return made


def append(kind: Kind) -> None:
    """Append an entry."""
    with transaction.atomic():
        entries.append(kind, by="01mallory", subject="01thing", facts={})


def hide_the_release() -> None:
    """Put another act in the place of the release, hash and all, as the database's owner could."""
    other = Entry.objects.get(index=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HIDE, [other.leaf, other.leaf_hash])


def remove_the_release() -> None:
    """Take the release out, as the database's owner could."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('DELETE FROM ledger_entry WHERE "index" = 1')


def without_triggers() -> None:
    """Take the first control away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


def test_hiding_an_act_is_stopped_by_the_triggers(tiles: Tiles) -> None:
    with pytest.raises(IntegrityError, match="cannot be changed"):
        hide_the_release()


def test_removing_an_act_is_stopped_by_the_triggers(tiles: Tiles) -> None:
    with pytest.raises(IntegrityError, match="cannot be deleted"):
        remove_the_release()


def test_without_triggers_the_act_is_removed_but_the_signed_tree_tells(tiles: Tiles) -> None:
    without_triggers()
    remove_the_release()
    assert not audit.verify(tiles, publisher.signer().verifier).good
    append(Kind.SAVED)
    with pytest.raises(HistoryChanged):
        publisher.publish()


def test_without_triggers_the_act_is_hidden_but_the_signed_tree_tells(tiles: Tiles) -> None:
    without_triggers()
    hide_the_release()
    assert not audit.verify(tiles, publisher.signer().verifier).good
    append(Kind.SAVED)
    with pytest.raises(HistoryChanged):
        publisher.publish()


def test_without_triggers_and_without_the_check_before_signing_a_false_history_is_signed(
    tiles: Tiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both controls taken away: the owner of database and key rewrites history; only a witness would tell."""
    before = tiles.read_checkpoint()
    without_triggers()
    hide_the_release()
    append(Kind.SAVED)
    monkeypatch.setattr(publisher, "_sound", lambda tiles, before: True)
    publisher.publish()
    assert tiles.read_checkpoint() != before


def test_a_guess_at_a_name_cannot_be_checked_against_a_leaf(tiles: Tiles) -> None:
    leaves = b"".join(tiles.leaves(3)).decode()
    assert "01mallory" not in leaves
    assert hashlib.sha256(b"01mallory").hexdigest() not in leaves


def test_the_salt_and_the_text_are_not_among_the_published_files(tiles: Tiles) -> None:
    salts = [bytes(entry.salt) for entry in Entry.objects.all()]
    for path in tiles.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"01mallory" not in data
            assert not any(salt[:16] in data or salt[:16].hex().encode() in data for salt in salts)


def test_a_checkpoint_signed_by_another_key_is_not_built_upon(tiles: Tiles) -> None:
    stranger = Signer(publisher.origin(), Ed25519PrivateKey.generate())
    tiles.write_checkpoint(stranger.sign(size=3, root=tiles.root(3)))
    append(Kind.SAVED)
    with pytest.raises(CheckpointRefused):
        publisher.publish()
