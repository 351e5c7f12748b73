"""The command line screens anywhere, against any folder with a recordings.csv."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egress_review.screening.command import main
from tests.unit.screening.cases import DATA, rows_csv, table


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a dataset's folder, with a column more than needed."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    rows = [[r.recording, f"{r.recording}.wav", r.speaker, r.transcript, "x"] for r in DATA]
    (folder / "recordings.csv").write_text(
        table(["recording", "path", "speaker", "transcript", "accent"], [list(row) for row in rows])
    )
    return folder


def test_the_command_reports_each_file_as_json(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.csv").write_text(rows_csv())
    (tmp_path / "fine.txt").write_text("fine\n")
    assert (
        main([str(tmp_path / "rows.csv"), str(tmp_path / "fine.txt"), "--dataset", str(dataset), "--json"])
        == 1
    )
    report = json.loads(capsys.readouterr().out)
    assert [file["verdict"] for file in report] == ["block", "pass"]
    assert set(report[0]) == {"path", "verdict", "findings", "bits"}
    assert set(report[0]["findings"][0]) == {"check", "severity", "message", "where"}


def test_the_command_speaks_words_without_json(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fine.txt").write_text("fine\n")
    assert main([str(tmp_path / "fine.txt"), "--dataset", str(dataset)]) == 0
    assert "pass" in capsys.readouterr().out


def test_a_folder_without_recordings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--dataset", str(tmp_path), "--json"])
    assert "recordings.csv" in capsys.readouterr().err
