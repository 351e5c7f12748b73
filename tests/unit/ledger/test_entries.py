"""Entries: appended inside the act's transaction, never changed, erasable without harm to the tree."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction

from hub.errors import NotFound
from hub.ledger import entries, tree
from hub.ledger.kinds import Kind
from hub.ledger.models import AppendOnly, Entry
from tests.sql import in_dialect

pytestmark = pytest.mark.django_db


def signed_in(by: str = "01ada") -> Entry:
    """Append an entry."""
    with transaction.atomic():
        return entries.append(Kind.SIGNED_IN, by=by, subject="01subject", facts={"from": "Zürich"})


def test_entries_are_numbered_without_gaps_from_zero() -> None:
    assert [signed_in().index for _ in range(3)] == [0, 1, 2]


def test_an_entry_of_an_undone_act_is_undone_with_it() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        signed_in()
        raise ZeroDivisionError
    assert not Entry.objects.exists()


def test_appending_outside_a_transaction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError, match="inside the transaction"):
        entries.append(Kind.SIGNED_IN, by="x", subject="y", facts={})


def test_a_leaf_holds_time_and_kind_and_nothing_about_the_person() -> None:
    row = signed_in()
    leaf = json.loads(bytes(row.leaf))
    assert set(leaf) == {"at", "kind", "by", "subject", "facts"}
    assert leaf["kind"] == "signed_in"
    for text in ("01ada", "01subject", "rich"):
        assert text not in bytes(row.leaf).decode()


def test_the_same_act_twice_makes_commitments_that_differ() -> None:
    first, second = json.loads(bytes(signed_in().leaf)), json.loads(bytes(signed_in().leaf))
    assert all(first[name] != second[name] for name in ("by", "subject", "facts"))


def test_the_hash_is_that_of_the_leaf() -> None:
    row = signed_in()
    assert bytes(row.leaf_hash) == tree.leaf_hash(bytes(row.leaf))
    assert entries.is_faithful(Entry.objects.get(index=row.index))


def test_a_leaf_too_long_for_a_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="over the limit"), transaction.atomic():
        entries.append(Kind.SAVED, by="x", subject="y", facts={}, public={"x": "y" * 70_000})


def test_erasing_takes_the_text_and_leaves_the_tree() -> None:
    row = signed_in()
    before = bytes(row.leaf_hash)
    notice = entries.erase(by="01admin", index=row.index, why="asked for by the person")
    erased = Entry.objects.get(index=row.index)
    assert (erased.by, erased.subject, erased.facts, bytes(erased.salt)) == ("", "", {}, b"")
    assert erased.erased and bytes(erased.leaf_hash) == before and entries.is_faithful(erased)
    assert notice.kind == Kind.ERASED and notice.index == row.index + 1


def test_erasing_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFound, match="no entry 7"):
        entries.erase(by="01admin", index=7, why="x")


def test_the_models_refuse_to_change_or_delete() -> None:
    row = signed_in()
    row.by = "somebody else"
    for attack in (
        row.save,
        row.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(by="x"),
        lambda: Entry.objects.bulk_update([row], ["by"]),
    ):
        with pytest.raises(AppendOnly):
            attack()


ATTACKS = [
    "UPDATE ledger_entry SET kind = 'released'",
    "UPDATE ledger_entry SET \"by\" = '01somebody'",
    "UPDATE ledger_entry SET leaf = x'00'",
    "UPDATE ledger_entry SET leaf_hash = x'00', \"by\" = '', subject = '', facts = '{}', salt = x''",
    "UPDATE ledger_entry SET \"index\" = 9, \"by\" = '', subject = '', facts = '{}', salt = x''",
    "UPDATE ledger_entry SET \"by\" = '', subject = '', facts = '{}'",
    "DELETE FROM ledger_entry",
    'DELETE FROM ledger_entry WHERE "index" = 1',
    'INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE "index" = 0',
    'INSERT INTO ledger_entry SELECT 7, kind, at, "by", subject, facts, salt, leaf, leaf_hash '
    'FROM ledger_entry WHERE "index" = 0',
]


@pytest.mark.parametrize("sql", ATTACKS)
def test_the_database_refuses_to_change_delete_replace_or_skip(sql: str) -> None:
    signed_in()
    signed_in()
    before = list(Entry.objects.values())
    with (
        pytest.raises(IntegrityError, match="ledger entries"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(in_dialect(sql))
    assert list(Entry.objects.values()) == before
