"""The same as commands."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.fake_door import FakeDoor

Main = Callable[[list[str]], int]


@pytest.fixture
def main(pl: ModuleType) -> Main:
    """Return the command's entry point."""
    entry: Main = importlib.import_module("parlatory.__main__").main
    return entry


def test_datasets_are_told_with_attribution(
    main: Main, mounted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets"]) == 0
    assert "Attribution: nobody" in capsys.readouterr().out


def test_submitting_prints_the_receipt(
    main: Main, door: FakeDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    said = ["--title", "T", "--context", "C", "--controls", "D"]
    assert main(["submit", str(tmp_path / "table.csv"), *said]) == 0
    assert "Handed in as" in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "T (01submission0)" in capsys.readouterr().out


def test_a_refusal_is_a_sentence_and_a_status(
    main: Main, door: FakeDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", "none.csv", "--title", "T", "--context", "C", "--controls", "D"]) == 1
    assert "none.csv cannot be read" in capsys.readouterr().err


def test_help_says_what_a_session_may_do(
    main: Main, pl: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["help"]) == 0
    pl.help()
    assert capsys.readouterr().out.count("the enclave's server decides") == 2
