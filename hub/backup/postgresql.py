"""PostgreSQL in a backup: its own dump, and beside it what the checks read, both of one moment.

The checks of a backup read SQLite; of an institution's database they get the tables they look at.
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from hub.backup.database import RIGHTS, SIGN_INS
from hub.backup.failure import BackupFailed, BackupRefused
from hub.cli import postgresql

# Our own constant names of tables and columns.
READ = {
    "ledger_entry": '"index", leaf',
    "datasets_datasetversion": "folder, manifest_sha256",
    "egress_review_file": "sha256, canonical_sha256",
    "bring_ins_bringinfile": "sha256, size_bytes",
}
ROWS = 1000
UNANSWERED = "the PostgreSQL database does not answer; `psql` on this machine says more"


def chosen() -> bool:
    """Say whether this enclave's database is PostgreSQL."""
    return postgresql.chosen()


def size() -> int:
    """Return how many bytes the database takes; one that does not answer is no database to back up."""
    answer = postgresql.ask("SELECT pg_database_size(current_database())")
    if not answer:
        raise BackupFailed(UNANSWERED)
    return int(answer)


def snapshot(dump: Path, extract: Path) -> None:
    """Write a dump of the database, and what the checks read of it at the same moment; writers go on."""
    from psycopg import IsolationLevel

    with _connected() as live, closing(sqlite3.connect(extract)) as copy:
        live.isolation_level = IsolationLevel.REPEATABLE_READ
        moment = live.execute("SELECT pg_export_snapshot()").fetchone()
        postgresql.dump(_run, dump, f"--snapshot={moment[0]}")
        # A program of before had not all of these tables; the checks know of which one they can do without.
        for table, columns in ((name, READ[name]) for name in READ if _has(live, name)):
            copy.execute(f"CREATE TABLE {table} ({columns})")
            with live.cursor(f"rows_of_{table}") as rows:
                rows.execute(f"SELECT {columns} FROM {table}")  # noqa: S608  # READ's names
                while some := rows.fetchmany(ROWS):
                    copy.executemany(f"INSERT INTO {table} VALUES (?, ?)", some)  # noqa: S608  # READ's names
        copy.commit()


def require_empty(*, over: bool) -> None:
    """Refuse a database whose ledger has entries, unless it may be replaced."""
    if over:
        return
    has_ledger = postgresql.ask("SELECT to_regclass('ledger_entry') IS NOT NULL")
    # No answer is no empty database.
    if has_ledger not in ("t", "f"):
        raise BackupFailed(UNANSWERED)
    if has_ledger == "t":
        count = postgresql.ask("SELECT count(*) FROM ledger_entry")
        if count != "0":
            raise BackupRefused(
                f"the PostgreSQL database holds a ledger of {count} entries already; `--over-what-is-there` "
                "puts the backup in its place and keeps a dump of what was there"
            )


def load(dump: Path, *, keep: Path) -> None:
    """Put a dump in the database's place, keep what was there, and let nobody be signed in."""
    keep.touch(mode=0o600)
    postgresql.dump(_run, keep)
    postgresql.load(_run, dump)
    with _connected() as database:
        for table in SIGN_INS:
            if _has(database, table):
                database.execute(f"DELETE FROM {table}")  # noqa: S608  # our own constant names
        for table, live in RIGHTS.items():
            if _has(database, table):
                change = f"UPDATE {table} SET revoked_at = now() WHERE {live}"  # noqa: S608  # our own constants
                database.execute(change)


def _has(database: Any, table: str) -> bool:
    return bool(database.execute("SELECT to_regclass(%s)", (table,)).fetchone() != (None,))


def _connected() -> Any:
    """Return a connection that commits where its block ends well."""
    import psycopg

    return psycopg.connect(postgresql.url())


def _run(words: Sequence[str | Path]) -> None:
    line = [str(word) for word in words]
    done = subprocess.run(line, check=False, capture_output=True, text=True, env=postgresql.environment())
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BackupFailed(f"{line[0]} failed: {last[0]}")
