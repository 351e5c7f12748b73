"""How a backup is made: whole while others write, never in a file's place, and holes stay holes."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pyrage
import pytest

from hub.backup import __main__ as command
from hub.backup import sealed, writing
from hub.backup.failure import BackupFailed
from tests.statefolder import Enclave, back_up, elsewhere, put_back, quiet


def test_a_ledger_that_is_not_what_was_signed_is_not_backed_up(enclave: Enclave) -> None:
    with closing(enclave.database()) as database, database:
        database.execute('UPDATE ledger_entry SET leaf = ? WHERE "index" = 1', (b"rewritten",))
    with pytest.raises(BackupFailed, match="not the ledger that was published"):
        back_up(enclave)
    assert not list(enclave.places.checkout.glob("*b*"))
    assert not list(enclave.state.glob(".backing-up-*"))


def test_a_writer_at_work_is_neither_held_up_nor_half_copied(enclave: Enclave) -> None:
    with closing(enclave.database()) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO django_session VALUES ('not committed')")
        file = back_up(enclave)
        database.execute("COMMIT")
    new = elsewhere(enclave)
    put_back(new, file)
    with closing(new.database()) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_replaces_no_file_and_lies_outside_the_state(enclave: Enclave) -> None:
    (enclave.places.checkout / "b").write_text("somebody's")
    with pytest.raises(BackupFailed, match="exists already"):
        back_up(enclave)
    assert (enclave.places.checkout / "b").read_text() == "somebody's"
    with pytest.raises(BackupFailed, match="inside the state"):
        writing.make(
            enclave.places,
            enclave.state / "b",
            recipients=[enclave.key.to_public()],
            with_datasets=False,
            say=quiet,
        )


def test_one_backup_is_made_at_a_time_and_takes_away_what_a_killed_one_left(enclave: Enclave) -> None:
    left = enclave.state / ".backing-up-killed"
    left.mkdir()
    (left / "home").write_text("half a home")
    enclave.places.run.mkdir()
    with (enclave.places.run / "backup.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BackupFailed, match="another backup"):
            back_up(enclave)
    assert left.exists()
    back_up(enclave)
    assert not left.exists()


def test_a_link_in_the_state_is_not_followed(enclave: Enclave) -> None:
    (enclave.state / "vault/link").symlink_to("/etc/passwd")
    with pytest.raises((BackupFailed, OSError)):
        back_up(enclave)
    assert not (enclave.places.checkout / "b").exists()


def test_a_disk_that_fills_leaves_no_backup(enclave: Enclave, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    with (
        pytest.raises(BackupFailed, match="No space left"),
        sealed.sealing(
            Full(),
            [enclave.key.to_public()],
        ) as stream,
    ):
        stream.write(os.urandom(1_000_000))


def test_holes_stay_holes_and_cost_nothing(enclave: Enclave) -> None:
    home = enclave.state / "homes/w1.img"
    with home.open("wb") as out:
        out.truncate(5 * 2**30)
        out.seek(2**30)
        out.write(b"in the middle")
    file = back_up(enclave)
    assert file.stat().st_size < 2**20
    new = elsewhere(enclave)
    put_back(new, file)
    back = new.state / "homes/w1.img"
    facts = back.stat()
    assert (facts.st_size, facts.st_blocks * 512 < 2**20) == (5 * 2**30, True)
    with back.open("rb") as read:
        read.seek(2**30 - 3)
        assert read.read(19) == b"\0\0\0in the middle\0\0\0"


def test_gnu_tar_reads_the_holes_as_well(enclave: Enclave, tmp_path: Path) -> None:
    with (enclave.state / "homes/w1.img").open("wb") as out:
        out.truncate(3 * 2**20)
        out.seek(2**20)
        out.write(b"x" * 5000)
    plain = pyrage.decrypt(back_up(enclave).read_bytes(), [enclave.key])
    words = ["tar", "-x", "--no-same-owner", "-C", str(tmp_path), "homes/w1.img"]
    subprocess.run(words, input=plain, check=True)
    assert (tmp_path / "homes/w1.img").read_bytes() == (enclave.state / "homes/w1.img").read_bytes()


@pytest.mark.parametrize("words", [[], ["--recipient", "age1nonsense"], ["--recipients", "/nonexistent"]])
def test_a_backup_without_a_key_is_not_made(
    enclave: Enclave, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr(command, "places", enclave.places)
    assert command.main(["write", str(enclave.places.checkout / "b"), *words]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not (enclave.places.checkout / "b").exists()
