"""Builds the sound part of a leak index from a dataset's recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.sound import fingerprints, matching, search, voiceprints
from egress_review.screening.sound.chance import Chance
from egress_review.screening.sound.features import BANDS, Change, Floats, Spectra
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.search import LENGTHS

BLOCK_SECONDS = 30
MEASURED = 64  # recordings by which chance is measured
MEASURED_FRAMES = 50


def build(
    paths: Sequence[Path | None], speakers: Sequence[str], target: Path, goes_on: GoesOn = silent
) -> None:
    """Write the fingerprints of recordings into an index's folder; None stands for one without sound.

    `goes_on` is called at each piece of the work; what hangs calls it no more.
    Raises OSError where a recording can't be read as sound: an index with holes would promise too much.
    """
    numbers = {speaker: number for number, speaker in enumerate(dict.fromkeys(speakers))}
    prints: list[Floats] = []
    maps = voiceprints.gather(_maps(paths, goes_on), prints)
    sounds = fingerprints.assemble(maps, [numbers[speaker] for speaker in speakers], goes_on)
    fingerprints.save(
        replace(sounds, chance=measure(sounds, goes_on), voices=_of_speakers(prints, sounds.speakers)), target
    )


def _of_speakers(prints: Sequence[Floats], speakers: NDArray[np.unsignedinteger]) -> NDArray[np.int8]:
    """Return each speaker's voiceprint as it is kept, the mean of their recordings'."""
    whole = np.array(prints, dtype=np.float64).reshape(-1, voiceprints.NUMBERS)
    numbers = np.asarray(speakers, dtype=np.int64)
    sums = np.zeros((int(numbers.max(initial=-1)) + 1, voiceprints.NUMBERS))
    np.add.at(sums, numbers, whole)
    return voiceprints.stacked(list(sums / np.bincount(numbers, minlength=len(sums))[:, None]))


def _maps(paths: Sequence[Path | None], goes_on: GoesOn) -> Iterator[Floats]:
    for path in paths:
        yield np.zeros((0, BANDS), np.float32) if path is None else map_of(path, goes_on)


def map_of(path: Path, goes_on: GoesOn = silent) -> Floats:
    """Return the map of a recording, channels mixed, read piece by piece: its length does not matter.

    Shape (frames, 16), in dB. Raises OSError where the file is not there or can't be read as sound.
    """
    maps: list[Floats] = []
    if not path.is_file():
        raise OSError(f"{path} is named by the manifest, but is not there")
    try:
        with soundfile.SoundFile(path) as opened:
            # Whole frames of the map in each block, so that they join without a seam.
            length = round(BLOCK_SECONDS * opened.samplerate)
            while len(block := opened.read(length, dtype="float32", always_2d=True)):
                goes_on()
                maps.append(Spectra.of(block.mean(axis=1), opened.samplerate).map()[0])
    except soundfile.SoundFileError as error:
        raise OSError(f"{path} can't be read as sound: {error}") from error
    return np.concatenate(maps) if maps else np.zeros((0, BANDS), np.float32)


def measure(sounds: Sounds, goes_on: GoesOn = silent) -> Chance:
    """Return how well speech of somebody else fits by chance: parts of recordings, their speakers barred."""
    fits, comparisons = by_chance(sounds, MEASURED, goes_on)
    return Chance.measured(fits, comparisons) if any(fits.values()) else Chance.usual()


def by_chance(sounds: Sounds, most: int, goes_on: GoesOn = silent) -> tuple[dict[int, list[float]], float]:
    """Return the best fit of each of `most` recordings in those of others, by length in frames.

    The second is the logarithm of how many comparisons each was the best of.
    """
    count = len(sounds.starts) - 1
    chosen = np.random.default_rng(1).permutation(count)[:most]
    fits: dict[int, list[float]] = {length: [] for length in LENGTHS}
    asked: list[int] = []
    several = len(np.unique(sounds.speakers)) > 1
    for number in told(chosen.tolist(), goes_on):
        begin, end = int(sounds.starts[number]), int(sounds.starts[number + 1]) - 1
        levels = fingerprints.levels_of(sounds, begin, min(end, begin + MEASURED_FRAMES))
        view = search.View(levels, np.ones(BANDS, dtype=bool), Change())
        barred = sounds.speakers == sounds.speakers[number] if several else np.arange(count) == number
        hits = search.best(search.search(sounds, [view], 24, barred=barred), matching.JUDGED)
        if not hits:
            continue
        asked.append(min(max(len(levels) - 5, 1), 25))
        judged = [search.refined(sounds, hit) for hit in hits]
        for length in LENGTHS:
            found = [fit for hit in judged for frames, fit, _, _ in hit.fits if frames == length]
            if found:
                fits[length].append(max(found))
    return fits, float(np.log(np.mean(asked or [1]) * max(len(sounds.lists), 1)))
