"""The command line screens anywhere, against any folder with a recordings.csv."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from egress_review.screening.command import main
from tests.unit.screening.cases import DATA, rows_csv, table


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a dataset's folder, with a column more than needed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "dataset"
    folder.mkdir()
    for recording in DATA:
        sound = np.random.default_rng(1).normal(0, 0.1, 4000)
        soundfile.write(folder / f"{recording.recording}.wav", sound, 8000)
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


def test_a_dataset_without_its_audio_is_refused(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = dataset / f"{DATA[0].recording}.wav"
    missing.unlink()
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--dataset", str(dataset)])
    assert f"{missing} is named by the manifest, but is not there" in capsys.readouterr().err


def test_a_folder_without_recordings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--dataset", str(tmp_path), "--json"])
    assert "recordings.csv" in capsys.readouterr().err
