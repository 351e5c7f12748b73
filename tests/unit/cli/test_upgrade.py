"""An upgrade that fails: what is put back is whole, and the copies are nobody else's to read."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.cli import prepare, stages, upgrade
from hub.cli.running import Step, StepFailed
from hub.cli.upgrade import Before
from hub.places import Places


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An enclave's database as it lies on the disk, its processes ended."""
    made = Places(tmp_path, tmp_path / "state", tmp_path / "run", tmp_path / "tools", 31000, "unit")
    (made.state / "log").mkdir(parents=True)
    (made.state / "db").mkdir()
    with closing(sqlite3.connect(prepare.sqlite(made))) as database, database:
        database.execute("CREATE TABLE ledger_entry (leaf TEXT)")
        database.execute("INSERT INTO ledger_entry VALUES ('kept')")
    monkeypatch.setattr(upgrade, "_stop", lambda *_: None)
    return made


def kept(where: Places) -> Before:
    """What was there before, of a program that was changed where it lies: nothing is started again."""
    folder = where.state / "upgrade" / "before"
    folder.mkdir(parents=True)
    return Before(where, "", folder, changed_in_place=True, ways=frozenset())


def entries(where: Places) -> list[tuple[str]]:
    with closing(sqlite3.connect(prepare.sqlite(where))) as database:
        return database.execute("SELECT leaf FROM ledger_entry").fetchall()


def test_an_address_that_cannot_be_used_is_said_before_anything_is_stopped(
    where: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "database").write_text("postgresql://u:p@db.example.org/x")
    monkeypatch.setenv("PARLATORY_DATABASE_FILE", str(tmp_path / "database"))
    for name in ("_sessions", "_set_aside", "_switch"):
        monkeypatch.setattr(upgrade, name, lambda *_: pytest.fail("the upgrade has begun"))
    with pytest.raises(SystemExit, match=r"^error: .*verify-full"):
        upgrade.run(where)


def test_a_copy_that_broke_off_takes_no_databases_place(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(before: Before, _names: object, _step: object) -> None:
        (before.folder / "db").mkdir()
        (before.folder / "db" / prepare.sqlite(where).name).write_bytes(b"half of it")
        raise StepFailed("the disk is full")

    monkeypatch.setattr(upgrade, "_copy", break_off)
    with pytest.raises(StepFailed, match="the disk is full"):
        upgrade._switch(where, kept(where))
    assert entries(where) == [("kept",)]


def test_a_database_that_was_changed_is_put_back_from_a_whole_copy(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(_places: Places) -> None:
        with closing(sqlite3.connect(prepare.sqlite(where))) as database, database:
            database.execute("UPDATE ledger_entry SET leaf = 'changed'")
        (where.state / "db" / "more").touch()
        raise StepFailed("it can't be migrated")

    monkeypatch.setattr(stages, "inside", change)
    with pytest.raises(StepFailed, match="the database is as it was before"):
        upgrade._switch(where, kept(where))
    assert entries(where) == [("kept",)]
    assert not (where.state / "db" / "more").exists()


def test_nobody_else_reads_the_copy_on_which_is_rehearsed(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    scratch = where.state / "upgrade" / "rehearsal"

    def backed_up(path: Path, **_to: object) -> None:
        closed.append(scratch.stat().st_mode & 0o007)

    monkeypatch.setattr(shutil, "chown", backed_up)
    monkeypatch.setattr(prepare, "migrate", lambda *_: closed.append(scratch.stat().st_mode & 0o007))
    upgrade.rehearse(where, Step("Rehearsal", where.state / "log" / "rehearsal.log"))
    assert len(closed) == 4 and not any(closed)
    assert not scratch.exists()
