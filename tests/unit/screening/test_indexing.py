"""A leak index on disk: written whole, readable by the screener's user, of the registered manifest only."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from egress_review.screening import corpus, index, indexing
from egress_review.screening.index import Index, Recording
from egress_review.screening.manifest import NoDataset
from egress_review.screening.sound.fingerprints import ROUNDS
from tests.unit.screening.cases import DATA, table
from tests.unit.screening.voices import RATE, spoken


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a dataset's folder without sound."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    rows = [[r.recording, r.speaker, r.transcript] for r in DATA]
    (folder / "recordings.csv").write_text(table(["recording", "speaker", "transcript"], rows))
    return folder


def test_a_written_index_is_complete_and_readable_by_another_user(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "indexes" / "demo" / "1.0"
    indexing.write(dataset, target, name="demo")
    assert [one.recording for one in Index.open([target]).recordings] == [one.recording for one in DATA]
    for entry in (target, *target.rglob("*")):
        assert entry.stat().st_mode & 0o777 == (0o755 if entry.is_dir() else 0o444), entry
    assert [entry.name for entry in target.parent.iterdir()] == ["1.0"]


def test_a_build_says_that_it_goes_on_from_its_first_sound_to_its_last_list(tmp_path: Path) -> None:
    soundfile.write(str(tmp_path / "a.flac"), np.tile(spoken(1, 2.5), 14)[: 35 * RATE], RATE)
    rows = [Recording("rec-1", "s1", "words", ""), Recording("rec-2", "s2", "", "a.flac")]
    told: list[str] = []
    index.build("demo", rows, tmp_path, tmp_path / "index", goes_on=lambda: told.append("on"))
    pieces, described, listed, measured = 2, 1, ROUNDS + 1, len(rows)
    written, said = len(rows), len(rows) + 4  # the corpus says so at each transcript and between its steps
    words_and_people = 2 + 5 + 2  # transcripts, ids with the name of a file, lengths
    sorted_at_once = 3 + ROUNDS + 2  # three kinds of disguises; each round's lists, and the last
    steps = written + said + words_and_people + sorted_at_once
    assert len(told) == steps + pieces + described + listed + measured


def test_no_step_over_all_words_is_taken_without_a_word_before_and_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    for name in ("Words", "_bits", "_anchors", "_wholes"):
        step = getattr(corpus, name)

        def noted(*given: Any, name: str = name, step: Any = step) -> Any:
            told.append(name)
            return step(*given)

        monkeypatch.setattr(corpus, name, noted)
    corpus.build([("s1", "a few words"), ("s2", "and others")], lambda: told.append("on"))
    steps = [name for name in told if name != "on"]
    assert steps == ["Words", "_bits", "_anchors", "_wholes"]
    for one, next_one in itertools.pairwise(steps):
        assert "on" in told[told.index(one) : told.index(next_one)], f"nothing was said after {one}"


def test_another_manifest_than_the_registered_one_is_not_indexed(dataset: Path, tmp_path: Path) -> None:
    (dataset / "manifest.jsonl").write_text("{}\n")
    with pytest.raises(NoDataset, match="not the one that was registered"):
        indexing.write(dataset, tmp_path / "index", name="demo", manifest_sha256="0" * 64)
    assert not (tmp_path / "index").exists()


def test_an_index_of_another_version_is_no_index(dataset: Path, tmp_path: Path) -> None:
    indexing.write(dataset, tmp_path / "index", name="demo")
    seal = tmp_path / "index" / index.SEAL
    seal.chmod(0o644)
    seal.write_text(json.dumps({"version": index.VERSION - 1, "dataset": "demo"}))
    with pytest.raises(index.NoIndex, match="version"):
        Index.open([tmp_path / "index"])


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_an_index_cut_short_is_no_index(dataset: Path, tmp_path: Path, kept: float) -> None:
    indexing.write(dataset, tmp_path / "index", name="demo")
    rows = tmp_path / "index" / index.ROWS
    rows.chmod(0o644)
    rows.write_bytes(rows.read_bytes()[: int(kept * rows.stat().st_size)])
    with pytest.raises(index.NoIndex):
        Index.open([tmp_path / "index"])
