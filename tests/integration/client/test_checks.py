"""Checking files before they are handed in, as far as that can be done without knowing the data."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.client.conftest import CLIENT, pl

__all__ = ["pl"]

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the checks' own process import what the image holds side by side."""
    monkeypatch.setenv("PYTHONPATH", f"{CLIENT}:{CHECKOUT}")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a table with a group of three people."""
    path = tmp_path / "table.csv"
    path.write_text("region,n_speakers\nnorth,3\nsouth,40\n")
    return path


def test_a_small_group_is_named_with_its_place_and_how_to_mend_it(pl: ModuleType, small: Path) -> None:
    checked = pl.check(small)
    assert checked.blocked
    assert "table.csv: would be blocked" in repr(checked)
    assert "row 1, column n_speakers: This cell counts fewer than 10 people" in repr(checked)
    assert "To do: Merge groups" in repr(checked)
    assert "compares each file with the recordings" in " ".join(repr(checked).split())


def test_files_are_judged_one_by_one_and_nothing_is_handed_in(
    pl: ModuleType, small: Path, tmp_path: Path
) -> None:
    fine = tmp_path / "fine.csv"
    fine.write_text("region,n_speakers\nnorth,31\nsouth,40\n")
    checked = pl.check(fine, small)
    assert [(file.name, file.verdict) for file in checked.files] == [
        ("fine.csv", "pass"),
        ("table.csv", "block"),
    ]


def test_what_is_no_file_is_said_in_a_sentence(pl: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(pl.NotChecked, match="no file was named"):
        pl.check()
    with pytest.raises(pl.NotChecked, match="is not a file"):
        pl.check(tmp_path / "none.csv")


def test_a_module_in_the_current_folder_is_not_run_instead(
    pl: ModuleType, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')\n")
    monkeypatch.chdir(tmp_path)
    assert pl.check("table.csv").blocked


@pytest.mark.parametrize(
    ("verdict", "status", "said"), [("block", 1, "would be blocked"), ("pass", 0, "nothing found")]
)
def test_the_command_prints_the_same_and_fails_where_a_file_would_be_blocked(
    pl: ModuleType,
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: str,
    status: int,
    said: str,
) -> None:
    answer = [{"name": "table.csv", "verdict": verdict, "findings": []}]
    monkeypatch.setattr("parlatory.checks._screened", lambda paths: answer)
    main = importlib.import_module("parlatory.__main__").main
    assert main(["check", str(small)]) == status
    assert f"table.csv: {said}" in capsys.readouterr().out
