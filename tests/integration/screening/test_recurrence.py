"""Frames and sounds of the data that no reading of them explains, known by what is alike in them when."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from egress_review.screening import index
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.recordings import Recording
from egress_review.screening.sound import fingerprints, moments, recurrence
from egress_review.screening.sound.features import FRAME, Floats
from egress_review.screening.sound.fingerprints import Sounds
from tests.leaks import carry, signal
from tests.unit.screening.cases import verdict
from tests.unit.screening.voices import RATE, Samples, spoken

SECONDS = 6.0
Doubles = NDArray[np.float64]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Return the index of 26 made-up recordings of six seconds."""
    folder = tmp_path_factory.mktemp("voices")
    rows = []
    for number in range(26):
        soundfile.write(folder / f"r{number}.flac", spoken(number, SECONDS), RATE)
        rows.append(Recording(f"rec-{number:04d}", f"voice{number:02d}", "", f"r{number}.flac"))
    index.build("made-up", rows, folder, folder / "index")
    yield Index.open([folder / "index"])


def layer(samples: Samples) -> Doubles:
    """Return what a layer of a network with chance weights makes of log-mel frames."""
    frames = signal.log_mel(samples, RATE, bands=64)
    weights = np.random.default_rng(5).normal(size=(64, 48))
    return np.maximum(0.0, (frames - frames.mean(axis=0)) / frames.std() @ weights)


def shuffled(samples: Samples) -> Doubles:
    """Return log-mel frames whose bands stand in another order, every 12.5 ms."""
    return signal.log_mel(samples, RATE, bands=48, hop=0.0125)[:, np.random.default_rng(7).permutation(48)]


def twice(samples: Samples) -> Doubles:
    """Return differences of differences of log-mel frames."""
    return np.diff(signal.log_mel(samples, RATE, bands=40), n=2, axis=0)


@pytest.mark.parametrize("made", [layer, shuffled, twice])
def test_frames_are_known_whatever_each_was_made_into(
    data: Index, made: Callable[[Samples], Doubles]
) -> None:
    found = recurrence.in_rows(data.sounds, made(spoken(5, SECONDS)), 60)
    assert [match.recording for match in found.matches] == [5]
    assert not recurrence.in_rows(data.sounds, made(spoken(9_005, SECONDS)), 60).matches


def swapped(samples: Samples) -> Samples:
    """Return sound whose eight bands of 1 kHz stand in another order."""
    bands = np.array_split(np.fft.rfft(samples), 8)
    order = np.random.default_rng(2).permutation(8)
    return signal.level(np.fft.irfft(np.concatenate([bands[at] for at in order]), len(samples)))


def hissed(samples: Samples) -> Samples:
    """Return noise in twelve bands, each as loud as the sound was there."""
    noise = np.random.default_rng(4).normal(size=len(samples)).astype(np.float32)
    filters = signal.bank(RATE, 512, 12)
    loud = np.sqrt(np.abs(signal.stft(samples, 512, 128)) ** 2 @ filters.T)
    return signal.level(signal.istft(signal.stft(noise, 512, 128) * (loud @ filters), 512, 128))


@pytest.mark.parametrize("made", [swapped, hissed, lambda samples: swapped(samples)[::-1]])
def test_sounds_are_known_under_any_change_of_their_spectrum_that_stays(
    data: Index, made: Callable[[Samples], Samples]
) -> None:
    found = recurrence.in_sound(data.sounds, made(spoken(8, SECONDS)), RATE, 60)
    assert [match.recording for match in found.matches] == [8]
    assert not recurrence.in_sound(data.sounds, made(spoken(9_008, SECONDS)), RATE, 60).matches


def test_bands_in_another_order_are_blocked_as_a_file(data: Index) -> None:
    content = signal.encoded(swapped(spoken(8, SECONDS)), RATE, "WAV")
    found = verdict({"demo.wav": content}, Limits(), data)
    assert "sound_known" in {finding.check for finding in found.findings if finding.severity == "block"}


def smooth(count: int) -> Doubles:
    """Return curves of training, a little noisy."""
    chance = np.random.default_rng(1)
    steps = np.arange(count)[:, None]
    return 3 * np.exp(-steps / chance.uniform(50, 200, 6)) + chance.normal(0, 0.05, (count, 6))


@pytest.mark.parametrize(
    "rows",
    [
        smooth(600),
        np.cumsum(np.random.default_rng(2).normal(size=(700, 10)), axis=0),
        np.sin(np.arange(600)[:, None] * np.linspace(0.01, 0.5, 12)),
        np.repeat(np.random.default_rng(3).normal(size=(30, 16)), 20, axis=0),
        np.zeros((400, 8)),
        np.eye(60),
    ],
)
def test_series_of_something_else_are_not_taken_for_recordings(data: Index, rows: Doubles) -> None:
    assert not recurrence.in_rows(data.sounds, rows, 60).matches


def test_comparing_ends_when_its_time_is_up(data: Index) -> None:
    found = recurrence.in_rows(data.sounds, layer(spoken(5, SECONDS)), 0.0)
    assert not found.matches
    assert not found.complete


def test_short_and_narrow_rows_are_left_alone(data: Index) -> None:
    assert recurrence.in_rows(data.sounds, layer(spoken(5, SECONDS))[:45], 60).doubt == np.inf
    assert recurrence.in_rows(data.sounds, layer(spoken(5, SECONDS))[:, :2], 60).doubt == np.inf


HOURS = 100
AMPLE = 120.0  # seconds of the processor, on any machine


@pytest.fixture(scope="module")
def large(data: Index, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Return the index of the same recordings before a hundred hours of pieces of them in chance order."""
    folder = tmp_path_factory.mktemp("hours") / "index"
    shutil.copytree(data.folders[0], folder)
    (sounds,) = data.sounds
    chance = np.random.default_rng(11)
    count = round(HOURS * 3600 / FRAME)
    begins = chance.integers(0, len(sounds.map) - 4, count // 2)
    lengths = chance.integers(1, 5, count // 2)
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    mixed = sounds.map[(np.repeat(begins, lengths) + steps)[:count]]
    whole = np.concatenate([sounds.map, mixed])
    starts = np.append(sounds.starts, np.uint32(len(whole)))
    speakers = np.append(sounds.speakers, np.uint8(26))
    fingerprints.save(
        dataclasses.replace(
            sounds,
            map=whole,
            starts=starts,
            speakers=speakers,
            moments=moments.of(whole),
        ),
        folder,
    )
    return Index.open([folder])


@pytest.mark.parametrize("made", [layer, shuffled])
def test_frames_are_known_among_a_hundred_hours(large: Index, made: Callable[[Samples], Doubles]) -> None:
    found = recurrence.in_rows(large.sounds, made(spoken(5, SECONDS)), AMPLE)
    assert found.complete
    assert [match.recording for match in found.matches] == [5]
    assert not recurrence.in_rows(large.sounds, made(spoken(9_005, SECONDS)), AMPLE).matches


@pytest.mark.parametrize("made", [swapped, hissed])
def test_sounds_are_known_among_a_hundred_hours(large: Index, made: Callable[[Samples], Samples]) -> None:
    found = recurrence.in_sound(large.sounds, made(spoken(8, SECONDS)), RATE, AMPLE)
    assert found.complete
    assert [match.recording for match in found.matches] == [8]
    assert not recurrence.in_sound(large.sounds, made(spoken(9_008, SECONDS)), RATE, AMPLE).matches


def test_little_of_a_hundred_hours_is_compared_exactly(large: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    (sounds,) = large.sounds
    whole, few = recurrence._fits, recurrence._exactly
    compared: list[int] = []

    def fits(*given: Any) -> Floats:
        compared.append(recurrence.CHUNK)
        return whole(*given)

    def exactly(sounds: Sounds, alike: Floats, frames: NDArray[np.int64]) -> Floats:
        compared.append(len(frames))
        return few(sounds, alike, frames)

    monkeypatch.setattr(recurrence, "_fits", fits)
    monkeypatch.setattr(recurrence, "_exactly", exactly)
    assert recurrence.in_rows([sounds], layer(spoken(5, SECONDS)), AMPLE).matches
    assert 0 < sum(compared) < len(sounds.map) / 50


def losses(seed: int) -> bytes:
    """Return a table of training: five losses, a little noisy, after each of 150 epochs."""
    chance = np.random.default_rng(seed)
    falling = np.exp(-np.arange(150)[:, None] / chance.uniform(20, 60, 5))
    values = np.round(falling + chance.normal(0, 0.02, (150, 5)), 4)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["epoch", *(f"loss of model {number}" for number in range(5))])
    writer.writerows([number + 1, *row] for number, row in enumerate(values.tolist()))
    return out.getvalue().encode()


def test_ordinary_tables_beside_a_hundred_hours_are_compared_whole(large: Index) -> None:
    tables = carry.archive({f"losses-{seed}.csv": losses(seed) for seed in range(4)})
    found = verdict({"losses.zip": tables}, Limits(seconds_per_file=int(AMPLE)), large)
    assert [finding.message for finding in found.findings if finding.severity != "note"] == []
