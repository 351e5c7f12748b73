"""A backup holds what was brought in: what the database speaks of has to be in its vault."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.backup import database, postgresql


@pytest.mark.parametrize("brought", [True, False])
def test_a_backup_has_to_hold_what_was_brought_in(brought: bool, tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite3"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE egress_review_file (sha256 TEXT, canonical_sha256 TEXT)")
        made.execute("INSERT INTO egress_review_file VALUES ('aa', 'bb'), ('cc', '')")
        if brought:
            made.execute("CREATE TABLE bring_ins_bringinfile (sha256 TEXT)")
            made.execute("INSERT INTO bring_ins_bringinfile VALUES ('dd')")
    assert database.vault_hashes(path) == {"aa", "bb", "cc"} | ({"dd"} if brought else set())


def test_what_the_checks_read_of_postgresql_holds_it_as_well(tmp_path: Path) -> None:
    path = tmp_path / "extract.sqlite3"
    with closing(sqlite3.connect(path)) as made, made:
        for table, columns in postgresql.READ.items():
            made.execute(f"CREATE TABLE {table} ({columns})")
        made.execute("INSERT INTO bring_ins_bringinfile VALUES ('dd', 1)")
    assert database.vault_hashes(path) == {"dd"}
