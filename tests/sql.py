"""Attacks on the database in its own dialect."""

from __future__ import annotations

import re

from django.db import connection

REPLACE = re.compile(r"^(INSERT OR )?REPLACE (INTO (\w+) .*)$")


def in_dialect(sql: str) -> str:
    """Return a statement, written for SQLite, as the database at hand reads it."""
    if connection.vendor == "sqlite":
        return sql
    sql = re.sub(r"x'([0-9a-f]*)'", r"'\\x\1'", sql).replace("allow = 0", "allow = false")
    if found := REPLACE.match(sql):
        key, other = ('"index"', "kind") if found[3] == "ledger_entry" else ("id", "package")
        return f"INSERT {found[2]} ON CONFLICT ({key}) DO UPDATE SET {other} = 'x'"
    return sql
