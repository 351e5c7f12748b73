"""The program that runs is kept: where its checkout was changed it comes back whole or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli import environment, folders, kept, locked, programs, upgrade, version
from hub.places import Places

HERE = Path(version.__file__).resolve().parents[2]
LOCK = Path("hub") / "cli" / locked.FILE.name


def libraries(checkout: Path, lock: Path) -> None:
    """Make an environment that says what it was made of."""
    python = environment.python(checkout)
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    stamp = {"pyproject": environment.fingerprint(checkout, lock), "extras": []}
    (checkout / ".venv" / environment.STAMP).write_text(json.dumps(stamp))


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An enclave that was just started from a checkout, its program kept; all of it may be changed."""
    checkout = tmp_path / "checkout"
    for part in version.PARTS:
        (checkout / part).mkdir(parents=True)
    shutil.copyfile(HERE / "pyproject.toml", checkout / "pyproject.toml")
    (checkout / LOCK).parent.mkdir()
    shutil.copyfile(HERE / LOCK, checkout / LOCK)
    (checkout / "hub" / "program.py").write_text("one = 1")
    libraries(checkout, checkout / LOCK)
    made = Places(checkout, tmp_path / "state", tmp_path / "run", tmp_path / "tools", 31000, "unit")
    (made.run / "supervisor").mkdir(parents=True)
    command = (str(environment.python(checkout)), "-m", "hub.gate", str(checkout / "hub/x.py"))
    monkeypatch.setattr(programs, "table", lambda places: [programs.Program("gate", "g", command)])
    monkeypatch.setattr(locked, "FILE", checkout / LOCK)
    # The folders of tests are closed to others themselves.
    monkeypatch.setattr(folders, "closed_to_others", lambda path: None)
    text = programs.configuration(made, programs.table(made))
    (made.run / "supervisor" / "supervisord.conf").write_text(text)
    version.write(made)
    assert kept.keep(made) == ""
    return made


def pulled(started: Places, *, libraries_too: bool = False) -> None:
    """Change the program where it lies, as `git pull` does."""
    (started.checkout / "hub" / "program.py").unlink()
    (started.checkout / "hub" / "program.py").write_text("one = 2")
    if libraries_too:
        with (started.checkout / LOCK).open("a") as lock:
            lock.write("# another library\n")


def test_a_program_that_lies_as_it_did_is_its_own_way_back(started: Places) -> None:
    program, configuration = upgrade._program(started, started.checkout)
    assert program == started.checkout
    assert f"directory={started.checkout}\n" in configuration


def test_a_program_changed_in_place_comes_back_from_its_copy(started: Places) -> None:
    pulled(started)
    program, configuration = upgrade._program(started, started.checkout)
    assert program is not None and program.parent == started.state / "program"
    assert (program / "hub" / "program.py").read_text() == "one = 1"
    assert version.of(program) == version.running(started)
    assert str(started.checkout) not in configuration
    assert str(started.state / "log" / "gate.log") in configuration
    assert str(environment.python(program)) in configuration
    # Nothing is about to change its libraries, so they are the checkout's own.
    assert (program / ".venv").readlink() == started.checkout / ".venv"


def test_libraries_that_the_upgrade_renews_are_copied_first(started: Places) -> None:
    pulled(started, libraries_too=True)
    program, _ = upgrade._program(started, started.checkout)
    assert program is not None and not (program / ".venv").is_symlink()
    was = environment.made_of(started.checkout)
    # As pip does: a new file takes the old one's name; what `up` notes is written over.
    environment.python(started.checkout).unlink()
    libraries(started.checkout, started.checkout / LOCK)
    assert environment.made_of(started.checkout) == environment.fingerprint(
        started.checkout, started.checkout / LOCK
    )
    assert environment.python(program).exists() and environment.made_of(program) == was


def test_a_program_that_came_back_from_its_copy_can_do_so_again(started: Places) -> None:
    pulled(started)
    program, configuration = upgrade._program(started, started.checkout)
    assert program is not None
    (started.run / "supervisor" / "supervisord.conf").write_text(configuration)
    version.write(replace(started, checkout=program))
    pulled(started, libraries_too=True)
    again, _ = upgrade._program(started, version.checkout(started))
    assert again == program and not (program / ".venv").is_symlink()


def test_libraries_that_were_renewed_already_are_no_way_back(started: Places) -> None:
    pulled(started, libraries_too=True)
    libraries(started.checkout, started.checkout / LOCK)
    assert upgrade._program(started, started.checkout)[0] is None


def test_libraries_behind_a_closed_folder_are_copied_to_where_every_user_gets(
    started: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(started)
    monkeypatch.setattr(
        folders, "closed_to_others", lambda path: path if path.is_relative_to(started.checkout) else None
    )
    program, _ = upgrade._program(started, started.checkout)
    assert program is not None and not (program / ".venv").is_symlink()
    assert environment.python(program).exists()


@pytest.mark.parametrize("change", ["altered", "half", "gone"])
def test_a_copy_that_is_not_whole_is_no_way_back(started: Places, change: str) -> None:
    (copy,) = (started.state / "program").iterdir()
    if change == "altered":
        (copy / "hub" / "program.py").write_text("one = 3")
    elif change == "half":
        (copy / "pyproject.toml").unlink()
    else:
        shutil.rmtree(copy)
    pulled(started)
    assert upgrade._program(started, started.checkout)[0] is None


def test_only_the_program_that_runs_is_kept_and_a_full_disk_is_told(
    started: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(started)
    version.write(started)

    def full(*_from_and_to: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", full)
        assert "No space left" in kept.keep(started)
    assert kept.keep(started) == ""
    assert [one.name for one in (started.state / "program").iterdir()] == [version.running(started)]
