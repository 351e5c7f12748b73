"""Steps: what is shown, what is logged, what a failure says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.cli import stages
from hub.cli.running import StepFailed, last_lines, step


def test_a_failing_command_says_what_was_tried_and_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as failed, step("Pictures", "pictures", tmp_path) as current:
        current.run([sys.executable, "-c", "print('no room left'); raise SystemExit(3)"], fix="make room")
    said = failed.value.report()
    assert "Pictures: a command ended with status 3" in said
    assert f"tried: {sys.executable}" in said
    assert "| no room left" in said
    assert f"full log: {tmp_path / 'up-pictures.log'}" in said
    assert "what to do: make room" in said


def test_a_step_prints_its_time_and_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with step("Pictures", "pictures", tmp_path) as current:
        current.say("drawing")
    said = capsys.readouterr().out
    assert "..   Pictures: drawing" in said
    assert " s  done" in said


def test_a_step_that_did_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with step("Pictures", "pictures", tmp_path):
        pass
    assert "already there" in capsys.readouterr().out


def test_a_second_command_of_a_step_adds_to_its_log(tmp_path: Path) -> None:
    with step("Pictures", "pictures", tmp_path) as current:
        current.run(["echo", "first"])
        current.run(["echo", "second"])
    assert {"first", "second"} <= set((tmp_path / "up-pictures.log").read_text().splitlines())


def test_colours_of_a_log_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\x1b[91mred\x1b[0m\n")
    assert last_lines(tmp_path / "log", 1) == "red"


def test_after_a_failure_the_other_steps_still_finish() -> None:
    done = []

    def fails() -> None:
        raise StepFailed("broken")

    with pytest.raises(StepFailed, match="broken"):
        stages.side_by_side([fails, lambda: done.append("finished")])
    assert done == ["finished"]
