"""What is half written: a living writer's stays, a dead one's goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from egress_review.vault import Vault


def test_the_halves_of_a_living_writer_stay(vault: Vault) -> None:
    arriving = vault.incoming()
    arriving.write(b"half of")
    assert Vault(vault.root).forget_orphans() == 0
    arriving.write(b" a file")
    arriving.finish()
    assert vault.read(vault.keep(arriving), most_bytes=100) == b"half of a file"


def test_the_halves_of_a_killed_writer_go_and_only_they(vault: Vault) -> None:
    ours = vault.incoming()
    assert in_a_fork(lambda: vault.incoming().write(b"half of")) == 0
    assert len(left(vault)) == 2
    assert vault.forget_orphans() == 1
    assert left(vault) == [ours.path]
    assert len(list((vault.root / "writers").iterdir())) == 1


def test_a_half_without_any_writer_goes(vault: Vault) -> None:
    (vault.root / "incoming" / "01hnobody-01hfile.part").write_bytes(b"half of")
    assert vault.forget_orphans() == 1
    assert left(vault) == []


def test_a_fork_is_a_writer_of_its_own(vault: Vault) -> None:
    first = vault.incoming()

    def differs() -> None:
        assert name(vault.incoming().path) != name(first.path)

    assert in_a_fork(differs) == 0


def test_any_process_of_the_vault_can_ask_whether_a_writer_lives(vault: Vault) -> None:
    before = os.umask(0o077)
    try:
        vault.incoming()
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (vault.root / "writers").iterdir()] == [0o660]


def test_a_writer_that_cannot_be_asked_stops_nobody_and_loses_nothing(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_fork(lambda: vault.incoming().write(b"half of"))
    (writer,) = (vault.root / "writers").iterdir()
    opens = os.open

    def refused(path: str | Path, flags: int, *rest: int) -> int:
        if Path(path) == writer:
            raise PermissionError(13, "Permission denied", str(path))
        return opens(path, flags, *rest)

    monkeypatch.setattr(os, "open", refused)
    assert vault.forget_orphans() == 0
    assert len(left(vault)) == 1 and writer.exists()


def in_a_fork(act: Callable[[], object]) -> int:
    """Do something in a fork and return 0 if it was done; a fork never goes on with the tests."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def left(vault: Vault) -> list[Path]:
    return sorted((vault.root / "incoming").iterdir())


def name(path: Path) -> str:
    return path.name.partition("-")[0]
