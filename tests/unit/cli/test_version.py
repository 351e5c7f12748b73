"""What makes `up` under a running enclave an upgrade, and what is nothing new."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli import programs, version
from hub.places import Places

HERE = Path(version.__file__).resolve().parents[2]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An enclave as it lies on the disk after its start, from a copy of this program's smallest parts."""
    checkout = tmp_path / "checkout"
    for part in version.PARTS:
        (checkout / part).mkdir(parents=True)
    shutil.copyfile(HERE / "pyproject.toml", checkout / "pyproject.toml")
    (checkout / "hub" / "program.py").write_text("one = 1")
    made = Places(checkout, tmp_path / "state", tmp_path / "run", tmp_path / "tools", 31000, "unit")
    (made.run / "supervisor").mkdir(parents=True)
    monkeypatch.setattr(programs, "table", lambda places: [programs.Program("gate", "g", ("/bin/true",))])
    text = programs.configuration(made, programs.table(made))
    (made.run / "supervisor" / "supervisord.conf").write_text(text)
    version.write(made)
    return made


def test_what_runs_is_current(running: Places) -> None:
    assert version.is_current(running)


@pytest.mark.parametrize("part", version.PARTS)
def test_a_file_of_the_program_that_changed_is_an_upgrade(running: Places, part: str) -> None:
    (running.checkout / part / "more.txt").write_text("new")
    assert not version.is_current(running)
    assert not version.is_still_there(running, running.checkout)


@pytest.mark.parametrize("name", ["README.md", "__pycache__/x.pyc"])
def test_what_no_process_follows_from_is_nothing_new(running: Places, name: str) -> None:
    file = running.checkout / "hub" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("new")
    assert version.is_current(running)


def test_another_address_is_a_new_start(running: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not version.is_current(replace(running, base_port=32000))
    monkeypatch.setenv("PARLATORY_PORTAL_URL", "https://portal.example.org")
    assert not version.is_current(running)


def test_a_new_password_in_a_file_is_a_new_start(
    running: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "database"
    file.write_text("postgresql://u:one@127.0.0.1/p")
    monkeypatch.setenv("PARLATORY_DATABASE_FILE", str(file))
    (running.run / "supervisor" / "supervisord.conf").write_text(
        programs.configuration(running, programs.table(running))
    )
    version.write(running)
    assert version.is_current(running)
    file.write_text("postgresql://u:two@127.0.0.1/p")
    assert not version.is_current(running)


def test_a_setting_that_names_no_file_is_as_one_that_is_not_there(
    running: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = version.settings()
    monkeypatch.setenv("PARLATORY_DATABASE_FILE", "")
    assert version.settings() == before


def test_a_start_that_nobody_remembered_is_told_by_its_processes(running: Places) -> None:
    (running.run / "supervisor" / "started").unlink()
    assert not version.is_current(running)
    assert version.checkout(running) == running.checkout
