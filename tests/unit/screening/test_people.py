"""The per-recording table in the index: kept on disk, joined over versions, counted in people."""

from __future__ import annotations

import statistics
import wave
from pathlib import Path

import numpy as np
import pytest

from egress_review.screening import Recording, people
from egress_review.screening.people import People
from tests.unit.screening.crowd import CROWD, recordings


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return an index folder with the crowd's table."""
    people.build(recordings(CROWD), tmp_path, tmp_path / "index")
    return tmp_path / "index"


def test_what_is_opened_is_what_was_built(kept: Path) -> None:
    opened, made = People.open([kept]), People.of(recordings(CROWD))
    assert opened.speaker_count == made.speaker_count == 60
    assert [column.name for column in opened.numbers] == ["age", "seconds", "f0_hz", "snr_db"]
    assert [column.name for column in opened.labels] == ["region", "sex"]
    for one, other in zip(opened.numbers, made.numbers, strict=True):
        assert np.array_equal(one.sorted, other.sorted)
        assert np.array_equal(one.values, other.values, equal_nan=True)
    assert isinstance(opened.speakers, np.memmap)


def test_the_table_is_small_beside_the_speech_it_is_about(kept: Path) -> None:
    size = sum(path.stat().st_size for path in (kept / people.FOLDER).iterdir())
    seconds = sum(float(row["seconds"]) for row in CROWD)
    assert size < 0.002 * 16_000 * seconds


def test_two_versions_of_a_dataset_count_their_people_once(kept: Path, tmp_path: Path) -> None:
    people.build(recordings(CROWD[:360]), tmp_path, tmp_path / "older")
    joined = People.open([tmp_path / "older", kept])
    assert (joined.recording_count, joined.speaker_count) == (720, 60)
    assert joined.label("region") is not None
    other = [Recording(f"z{n}", f"z{n}", "", "", (("dialect", "coastal"),)) for n in range(5)]
    people.build(other, tmp_path, tmp_path / "other")
    joined = People.open([tmp_path / "older", kept, tmp_path / "other"])
    assert (joined.recording_count, joined.speaker_count) == (725, 65)
    assert int(np.isnan(joined.number("seconds").values).sum()) == 5


def test_statistics_are_those_of_each_speaker(kept: Path) -> None:
    per = People.open([kept]).per_speaker["f0_hz"]
    first = [float(row["f0_hz"]) for row in CROWD if row["speaker"] == "p000x"]
    assert per["mean"][0] == pytest.approx(statistics.fmean(first))
    assert per["median"][0] == pytest.approx(statistics.median(first))
    assert per["std"][0] == pytest.approx(statistics.stdev(first))
    assert (per["min"][0], per["max"][0], per["count"][0]) == (min(first), max(first), 12)


def test_seconds_come_from_the_sound_where_no_column_has_them(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 12_000))
    found = People.of(
        [Recording("a", "s", "", "a.wav"), Recording("b", "t", "", "gone.wav")], tmp_path
    ).number("seconds")
    assert found is not None
    assert found.sorted.tolist() == [1.5]


def test_no_recording_is_no_error() -> None:
    empty = People.of([])
    empty.prepare()
    assert (empty.recording_count, empty.speaker_count) == (0, 0)
