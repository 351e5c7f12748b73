"""An institution's database in a backup and before an upgrade: copied at one moment, put back whole."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest

from hub.backup import postgresql as kept
from hub.backup import restoring, writing
from hub.backup.failure import BackupRefused
from hub.backup.restoring import Wish
from hub.cli import postgresql
from hub.places import Places
from tests import own_state

pytestmark = pytest.mark.timeout(300)

COUNT = "SELECT count(*) FROM ledger_entry"


def execute(sql: str) -> None:
    subprocess.run(["psql", "-Xqc", sql], check=True, env=postgresql.environment())


def called(words: object) -> None:
    subprocess.run(list(map(str, words)), check=True, env=postgresql.environment())


@pytest.fixture
def here(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("PARLATORY_DATABASE_FILE", database)
    return own_state.made(tmp_path)


def test_a_backup_restores_it_and_a_copy_is_put_back_whole(here: Places, tmp_path: Path) -> None:
    # A backup: sealed, held against itself, and put back in place of what was done since.
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "backup.age"
    said: list[str] = []
    made = writing.make(here, file, recipients=[key.to_public()], with_datasets=False, say=said.append)
    assert made.entries == 20
    own_state.append(here, 20)
    wish = Wish(without_checkpoint=True)
    fresh = replace(here, state=tmp_path / "fresh", tools=tmp_path / "other")
    with pytest.raises(BackupRefused, match="holds a ledger of 40 entries already"):
        restoring.restore(fresh, file, keys=[key], wish=wish, say=said.append)
    assert postgresql.ask(COUNT) == "40"
    restoring.restore(fresh, file, keys=[key], wish=replace(wish, over=True), say=said.append)
    assert postgresql.ask(COUNT) == "20"
    assert list((fresh.state / "db").iterdir()) == []
    assert (fresh.state / "database-before-restore.pgdump").stat().st_mode & 0o777 == 0o600

    # Before an upgrade: what came later goes, also a table that holds on to an old one.
    copy = tmp_path / "copy.dump"
    postgresql.dump(called, copy)
    execute("CREATE TABLE later (entry integer REFERENCES ledger_entry)")
    own_state.append(here, 20)
    assert postgresql.ask(COUNT) == "40"
    postgresql.load(called, copy)
    assert postgresql.ask(COUNT) == "20"
    assert postgresql.ask("SELECT to_regclass('later')") == ""
    with pytest.raises(subprocess.CalledProcessError):
        execute("UPDATE ledger_entry SET leaf = 'x'")


def test_a_backup_of_one_database_is_not_restored_into_another(
    here: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "backup.age"
    writing.make(here, file, recipients=[key.to_public()], with_datasets=False, say=lambda _: None)
    monkeypatch.delenv("PARLATORY_DATABASE_FILE")
    assert not kept.chosen()
    fresh = replace(here, state=tmp_path / "fresh", tools=tmp_path / "other")
    with pytest.raises(BackupRefused, match="PostgreSQL’s and this enclave’s is SQLite’s"):
        restoring.restore(fresh, file, keys=[key], wish=Wish(without_checkpoint=True), say=lambda _: None)
