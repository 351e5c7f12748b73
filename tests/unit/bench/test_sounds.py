"""The bench of sounds: who is a stranger, which crops are taken, what its table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from egress_review.bench import disguises, sounds
from egress_review.screening.manifest import NoDataset
from egress_review.screening.recordings import Recording

ROWS = [
    Recording(f"{speaker}-1-{n}", str(speaker), "", f"{speaker}-1-{n}.wav")
    for speaker in range(40)
    for n in (0, 1)
]


def test_strangers_are_never_in_the_index_and_both_halves_have_some_of_each() -> None:
    indexed, strangers = sounds.parted(ROWS)
    assert not {row.speaker for row in indexed} & {row.speaker for row in strangers}
    assert len(indexed) + len(strangers) == len(ROWS)
    for group in (indexed, strangers):
        assert {sounds._half(row.speaker) for row in group} == {True, False}


def test_speakers_are_read_from_paths_or_asked_for(tmp_path: Path) -> None:
    for row in ROWS[:16]:
        (tmp_path / row.path).touch()
    found = sounds.recordings(tmp_path, sounds.SPEAKER)
    assert {row.speaker for row in found} == {str(number) for number in range(8)}
    (tmp_path / "nobody.wav").touch()
    with pytest.raises(NoDataset, match="nobody"):
        sounds.recordings(tmp_path, sounds.SPEAKER)


def test_crops_are_of_the_wanted_length_and_not_silent() -> None:
    samples = np.zeros(16_000, np.float32)
    samples[6_000:9_000] = 0.5
    for seed in range(5):
        found = sounds.cropped(samples, 16_000, 0.1, seed)
        assert len(found) == 1_600
        assert (found**2).mean() >= sounds.LEVEL * (samples**2).mean()


def test_table_counts_recall_and_alarms_apart() -> None:
    def heard(*, indexed: bool, known: bool) -> sounds.Heard:
        return sounds.Heard(sounds.Trial("WAV", 1.0, "a", "b", indexed, True, 1), known, known, 0.1, "said")

    text = sounds.table(
        [heard(indexed=True, known=True), heard(indexed=True, known=False), heard(indexed=False, known=True)],
        "testing",
    )
    assert "50 (9–91) 2" in text
    assert "All false alarms: 1/1" in text


@pytest.mark.parametrize("name", ["WAV", "MFCC, table", "samples, array", "headless samples"])
def test_each_disguise_is_a_file_that_differs_between_tuning_and_testing_where_it_has_parameters(
    name: str,
) -> None:
    voice = np.random.default_rng(0).normal(0, 0.1, 8_000).astype(np.float32)
    made = [
        disguises.made(name, disguises.Voice(voice, 16_000, voice, 16_000, np.random.default_rng(1), testing))
        for testing in (False, True)
    ]
    assert all(data for _, data in made)
    assert (made[0] != made[1]) == (name == "MFCC, table")
