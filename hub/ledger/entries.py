"""Appending to the ledger: inside the caller's transaction, in one order, with nothing personal in a leaf."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from hub.errors import NotFound
from hub.ledger import clock, publisher, through, tree
from hub.ledger.canonical import canonical
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry

SALT_BYTES = 16
# C2SP tlog-tiles gives an entry's length two bytes.
LEAF_LIMIT_BYTES = 65_535
_LOCK_NUMBER = 0x7061726C


def append(
    kind: Kind,
    *,
    by: str,
    subject: str,
    facts: Mapping[str, Any],
    public: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Entry:
    """Append an act inside the caller's transaction; it is on the ledger exactly if that commits.

    `by`, `subject` and `facts` are kept in the database and only committed to; `public` goes into the leaf
    as it is, for ever and for everyone: never anything about a person. The time is the clock's, unless that
    was set back; only who accepts such a clock gives `at`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append to the ledger inside the transaction of the act it describes")
    _lock()
    last, newest = Entry.objects.order_by("-index").values_list("index", "at").first() or (-1, None)
    at = at or clock.reading(newest)
    salt = secrets.token_bytes(3 * SALT_BYTES)
    plain = json.loads(canonical({**facts, **through.facts()}))
    leaf = leaf_of(kind=kind, at=at, by=by, subject=subject, facts=plain, salt=salt, public=public)
    entry = Entry(
        index=last + 1,
        kind=kind.value,
        at=at,
        by=by,
        subject=subject,
        facts=plain,
        salt=salt,
        leaf=leaf,
        leaf_hash=tree.leaf_hash(leaf),
    )
    entry.save()
    # The entry counts from here on; a file that cannot be written now is the worker's next turn.
    _publish_after()
    return entry


def leaf_of(
    *,
    kind: str,
    at: datetime,
    by: str,
    subject: str,
    facts: Mapping[str, Any],
    salt: bytes,
    public: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the leaf of an act: time and kind in the clear, who and what as salted commitments."""
    salts = [salt[start : start + SALT_BYTES] for start in range(0, 3 * SALT_BYTES, SALT_BYTES)]
    document: dict[str, Any] = {
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": str(kind),
        "by": commitment(salts[0], by.encode()),
        "subject": commitment(salts[1], subject.encode()),
        "facts": commitment(salts[2], canonical(facts)),
    }
    if public:
        document["public"] = dict(public)
    leaf = canonical(document)
    if len(leaf) > LEAF_LIMIT_BYTES:
        raise ValueError(f"a ledger leaf of {len(leaf)} bytes is over the limit of {LEAF_LIMIT_BYTES}")
    return leaf


def commitment(salt: bytes, value: bytes) -> str:
    """Return SHA-256 of salt and value in hex; without the salt the value cannot be guessed from it."""
    return hashlib.sha256(salt + value).hexdigest()


def is_faithful(entry: Entry) -> bool:
    """Return whether the entry's text is what its leaf commits to; erased text is not held against it."""
    leaf = bytes(entry.leaf)
    if bytes(entry.leaf_hash) != tree.leaf_hash(leaf):
        return False
    document = json.loads(leaf)
    if entry.erased:
        said = {"at": document["at"], "kind": document["kind"]}
        return said == {"at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "kind": entry.kind}
    again = leaf_of(
        kind=entry.kind,
        at=entry.at,
        by=entry.by,
        subject=entry.subject,
        facts=entry.facts,
        salt=bytes(entry.salt),
        public=document.get("public"),
    )
    return again == leaf


def erase(*, by: str, index: int, why: str) -> Entry:
    """Erase the personal text and salts of an entry and its question; its leaf, and so the tree, stay.

    That something was erased, and why, becomes an entry of its own.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # The database's triggers let exactly this change through and no other.
        cursor.execute(
            'UPDATE ledger_entry SET "by" = %s, subject = %s, facts = %s, salt = %s WHERE "index" = %s',
            ["", "", "{}", b"", index],
        )
        if cursor.rowcount != 1:
            raise NotFound(f"the ledger has no entry {index}")
        cursor.execute(
            "UPDATE ledger_decision SET question = NULL, reasons = %s, salt = %s WHERE entry_id = %s",
            ["[]", b"", index],
        )
        return append(Kind.ERASED, by=by, subject=str(index), facts={"why": why}, public={"entry": index})


def _publish_after() -> None:
    """Publish once after the transaction, however many entries it appends."""
    if not any(after[1] is publisher.publish for after in connection.run_on_commit):
        transaction.on_commit(publisher.publish, robust=True)


def _lock() -> None:
    # SQLite's immediate transaction is the lock already; PostgreSQL needs one of its own for a gapless order.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_NUMBER])
