"""A whole state: Django's database, the real ledger and secrets, backed up, restored and verified."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest

from hub.backup import database as snapshot
from hub.backup import restoring, writing
from hub.backup.restoring import Wish
from hub.ledger.tiles import Tiles
from hub.places import Places
from tests import own_state
from tests.enclave import until
from tests.own_state import APPENDS, run


def published(where: Places) -> int:
    note = Tiles(where.state / "ledger").read_checkpoint()
    return int(note.splitlines()[1]) if note else 0


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return own_state.made(tmp_path)


def test_a_restored_enclave_verifies_and_says_on_its_ledger_that_it_was_restored(
    here: Places, tmp_path: Path
) -> None:
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "b"
    made = writing.make(here, file, recipients=[key.to_public()], with_datasets=False, say=lambda _: None)
    own_state.append(here, 5)
    kept = here.state / "ledger" / "checkpoint"
    there = replace(
        here, state=tmp_path / "new" / "state", run=tmp_path / "new" / "run", tools=tmp_path / "new"
    )
    wish = Wish(checkpoint=kept, lose_the_tail=True)
    done = restoring.restore(there, file, keys=[key], wish=wish, say=lambda _: None)
    assert done.lost
    assert (done.lost.first, done.lost.last) == (made.entries, made.entries + 4)
    assert "The ledger is sound." in run(there, "-m", "hub.ledger", "verify")
    assert run(there, "-m", "hub.workspaces.restored") == "ended 0 sessions of the time of the backup\n"
    assert "restored" in run(there, "-m", "hub.ledger", "show", "--count", "1")
    assert '"lost_first":20' in run(there, "-m", "hub.ledger", "proof", str(made.entries)).replace("\\", "")
    assert "The ledger is sound." in run(there, "-m", "hub.ledger", "verify")
    for owner in ("data", "hub", "gate"):
        before, after = (sorted((one.state / "secrets" / owner).iterdir()) for one in (here, there))
        assert [path.read_bytes() for path in before] == [path.read_bytes() for path in after]
        assert [path.stat().st_mode for path in before] == [path.stat().st_mode for path in after]
        assert [path.stat().st_gid for path in before] == [path.stat().st_gid for path in after]


def test_what_a_restore_takes_back_is_where_it_is_looked_for(here: Places) -> None:
    """A table that is renamed must not bring rights back in silence."""
    with closing(sqlite3.connect(here.state / "db/parlatory.sqlite3")) as database:
        for table in {*snapshot.SIGN_INS, *snapshot.RIGHTS} - {"django_cache"}:
            columns = {row[1] for row in database.execute(f'PRAGMA table_info("{table}")')}
            assert columns, f"there is no table {table}"
            assert table not in snapshot.RIGHTS or "revoked_at" in columns
    snapshot.forget_sign_ins(here.state / "db/parlatory.sqlite3")


def test_a_backup_made_while_acts_are_recorded_holds_all_that_was_published(
    here: Places, tmp_path: Path
) -> None:
    """Whenever it is taken, the database in it continues the checkpoint in it."""
    key = pyrage.x25519.Identity.generate()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "hub.settings", "PARLATORY_STATE": str(here.state)}
    environment |= {"PARLATORY_ENCLAVE": here.enclave}
    with subprocess.Popen([sys.executable, "-c", APPENDS, "100000"], env=environment) as busy:
        try:
            until(lambda: published(here) > 20, seconds=60, what="the first act recorded meanwhile")
            sizes = []
            for number in range(6):
                file = tmp_path / f"b{number}"
                made = writing.make(
                    here, file, recipients=[key.to_public()], with_datasets=False, say=lambda _: None
                )
                sizes.append(made.entries)
            assert busy.poll() is None
        finally:
            busy.kill()
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0], "nothing was recorded meanwhile"
    there = replace(here, state=tmp_path / "new" / "state", tools=tmp_path / "new")
    wish = Wish(checkpoint=Path(f"{file}.checkpoint"))
    assert not restoring.restore(there, file, keys=[key], wish=wish, say=lambda _: None).lost
    assert "The ledger is sound." in run(there, "-m", "hub.ledger", "verify")
