"""The database in a backup: copied whole while others write, and looked at without Django."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hub.backup.failure import BackupFailed, BackupRefused
from hub.ledger import tree

# Who was signed in when the backup was made is not signed in when it comes back.
SIGN_INS = ("django_session", "django_cache", "allauth_idp_oidc_token")
# A right that was taken back since must not come back with the database: tokens, and links to set a password.
RIGHTS = {
    "api_token": "revoked_at IS NULL",
    "people_invitation": "revoked_at IS NULL AND accepted_at IS NULL",
}
WAIT_SECONDS = 20.0


def snapshot(source: Path, target: Path) -> None:
    """Copy the database as it is at one moment, by SQLite's own online backup; writers are not held up."""
    try:
        # Read-only: the copy is all we want, and a reader makes no file that the others can't write.
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupFailed(f"the database can’t be copied: {error}") from error


def require_whole(path: Path) -> None:
    """Refuse a database that SQLite finds damaged."""
    with _reading(path) as database:
        said = database.execute("PRAGMA integrity_check(1)").fetchone()
    if said != ("ok",):
        raise BackupRefused(f"the database is damaged: {said[0] if said else 'no answer'}")


def leaf_hashes(path: Path) -> list[bytes]:
    """Return the ledger's hashes, recomputed from the entries; a gap is refused."""
    hashes: list[bytes] = []
    with _reading(path) as database:
        for index, leaf in database.execute('SELECT "index", leaf FROM ledger_entry ORDER BY "index"'):
            if index != len(hashes):
                raise BackupRefused(f"the ledger’s entry {len(hashes)} is missing from the database")
            hashes.append(tree.leaf_hash(bytes(leaf)))
    return hashes


def versions(path: Path) -> list[tuple[str, str]]:
    """Return the folder and the manifest's hash of every registered dataset version."""
    with _reading(path) as database:
        rows = database.execute("SELECT folder, manifest_sha256 FROM datasets_datasetversion ORDER BY folder")
        return [(str(folder), str(digest)) for folder, digest in rows]


def vault_hashes(path: Path) -> set[str]:
    """Return the hash of every content in the vault that the database speaks of."""
    with _reading(path) as database:
        rows = database.execute("SELECT sha256, canonical_sha256 FROM egress_review_file").fetchall()
        # A backup from before text could be brought in has no such table.
        known = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'bring_ins_bringinfile'"
        if database.execute(known).fetchone():
            rows += database.execute("SELECT sha256, '' FROM bring_ins_bringinfile").fetchall()
        return {str(digest) for row in rows for digest in row if digest}


def forget_sign_ins(path: Path) -> None:
    """Take away sign-ins, and revoke tokens and invitations; after a restore everyone signs in again."""
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
    with closing(sqlite3.connect(path)) as database, database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in SIGN_INS:
            if table in there:
                database.execute(f'DELETE FROM "{table}"')  # noqa: S608  # our own constant names
        for table, live in RIGHTS.items():
            if table in there:
                change = f'UPDATE "{table}" SET revoked_at = ? WHERE {live}'  # noqa: S608  # our own constants
                database.execute(change, (now,))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            yield database
    except sqlite3.Error as error:
        raise BackupRefused(f"the database can’t be read: {error}") from error
