"""Knows a recording by what is alike in it when: frames of any features, whatever each frame was made into.

Two moments of speech that sound alike have like features, and unlike ones unlike features. Which moments are
alike is therefore the same in a recording and in frames of it under any change that takes each frame for
itself: other bands, bands swapped or left out, cepstra, line spectra, a layer of a network.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound import chance, moments
from egress_review.screening.sound.features import FRAME, HOP, Change, Floats, Spectra, decibels, mel, pooled
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.frames import steadiness
from egress_review.screening.sound.matching import Looked, Match

HOPS = (
    0.01,
    0.0125,
    0.016,
    0.02,
    0.005,
    0.008,
    0.004,
    0.0116,
    0.032,
    0.04,
    0.0232,
)  # seconds a row may stand for
LEAST, LENGTH = 24, 96  # frames of the map that are compared at once: 1.9 to 7.7 seconds
NEAREST, FARTHEST = 2, 48  # frames between two moments: neighbours are alike in any series
LEAST_WIDTH, MOST_WIDTH = 3, 2100  # features a row
SHIFTS = (0.0, 0.5)
WINDOWS = 3  # of one sound, or one matrix, that are compared
RIDGE = 0.3  # of the features' mean power, under which a direction of theirs counts little
FARTHEST_OUT = 4.0  # deviations at which features, and how alike two moments are, are cut
ORDER = 0.1  # correlation with the next row, of either sign, under which rows have no order
NOUGHT = 0.2  # of their spread, how far the means of features are that are differences already
SOUND_BANDS, LOWEST = 32, 60.0  # mel bands of a sound, and the lowest edge in Hz
CHUNK = 1 << 12  # frames of the index compared at once
SAMPLED = 12  # chunks of a large index by which chance is told; the rest is compared at likely places only
AT_ONCE = 256  # likely places compared at once
LEAST_PIECES = 12  # of the index, without which chance can't be told
ALARM = 3e-4  # doubt under which a find is one; strangers' figures stand in the README

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Features, of shape (rows, features), and the seconds that a row stands for."""

    values: Doubles
    hop: float
    backwards: bool = False


@dataclass(frozen=True)
class Pattern:
    """How alike moments of some frames are, shape (lags, frames), and where in the sound they begin."""

    alike: Floats
    second: float
    backwards: bool


@dataclass(frozen=True)
class Chances:
    """The best fits of pieces of an index, shape (patterns, pieces), and of how many a find is the best."""

    fits: Floats
    count: int


def in_rows(indexes: Sequence[Sounds], matrix: Doubles, seconds: float) -> Looked:
    """Return where rows of unknown features, of shape (rows, features), are those of a recording.

    `complete` says whether `seconds` of the processor sufficed for all of the index.
    """
    if not LEAST_WIDTH <= matrix.shape[1] <= MOST_WIDTH or abs(steadiness(matrix)) < ORDER:
        return Looked((), True)
    return _find(indexes, [Rows(one, hop) for one in _undone(matrix) for hop in HOPS], seconds)


def _undone(matrix: Doubles) -> Iterator[Doubles]:
    """Yield features as they are, and as the differences, or differences of these, that they may be."""
    yield matrix
    centre = matrix.mean(axis=0)
    if (np.abs(centre) <= NOUGHT * matrix.std(axis=0)).all():
        # Summed up they are the features again, but for a trend, which changes from frame to frame leave out.
        summed = np.cumsum(matrix - centre, axis=0)
        yield summed
        yield np.cumsum(summed - summed.mean(axis=0), axis=0)


def in_sound(indexes: Sequence[Sounds], samples: Floats, rate: float, seconds: float) -> Looked:
    """Return where a sound is a recording's under a change of its spectrum that stays, forwards or backwards.

    Bands cut, swapped or filled with noise, formants moved: what the grid of changes has no name for.
    """
    if len(samples) < LEAST * FRAME * rate:
        return Looked((), True)
    spectra = Spectra.of(samples, rate)
    edges = np.linspace(float(mel(LOWEST)), float(mel(rate / 2)), SOUND_BANDS + 1)
    band = np.searchsorted(edges, mel(np.arange(spectra.power.shape[1]) * spectra.spacing)) - 1
    power = [spectra.power[:, band == number].sum(axis=1) for number in np.unique(band[band >= 0])]
    levels = decibels(np.stack(power, axis=1).astype(np.float64)).astype(np.float64)
    heard = levels[:, levels.std(axis=0) > 0]
    if heard.shape[1] < LEAST_WIDTH:
        return Looked((), True)
    both = [Rows(heard, HOP), Rows(heard[::-1], HOP, backwards=True)]
    return _find(indexes, both, seconds)


def _find(indexes: Sequence[Sounds], some: Iterable[Rows], seconds: float) -> Looked:
    ends_at = time.process_time() + seconds
    patterns = [pattern for rows in some for pattern in _patterns(rows)] if indexes else []
    looked = Looked((), True)
    for sounds in indexes if patterns else ():
        found = _in(sounds, patterns, ends_at)
        if found.matches:
            return found
        looked = Looked((), looked.complete and found.complete, min(looked.doubt, found.doubt))
    return looked


def _patterns(rows: Rows) -> Iterator[Pattern]:
    """Yield what is alike when in rows of features, begun at whole and at half frames of the map."""
    centred = rows.values - rows.values.mean(axis=0)
    cut = np.clip(centred / (rows.values.std(axis=0) + 1e-9), -FARTHEST_OUT, FARTHEST_OUT)
    sums = np.vstack([np.zeros((1, cut.shape[1])), np.cumsum(cut, axis=0)])
    step = FRAME / rows.hop
    for shift in SHIFTS:
        if len(cut) < (LEAST + 1 + shift) * step:
            continue
        frames = pooled(sums, step, shift * step)
        changes = np.diff(frames, axis=0)
        count = min(-(-len(changes) // LENGTH), WINDOWS)
        for begin in np.linspace(0, max(len(changes) - LENGTH, 0), count).astype(int):
            alike = _alike(changes[begin : begin + LENGTH])
            yield Pattern(alike, (begin + shift) * FRAME, rows.backwards)


def _alike(changes: Doubles) -> Floats:
    """Return how alike frames' changes are to later ones, by lag from NEAREST on: mean nought, unit power.

    Directions of the features count by how much they carry, not by their scale: this is the projection of
    a ridge regression, which says how much of one frame what is linear in another foretells. Changes, as
    pauses and loud parts alone would make any two recordings alike.
    """
    left, scale, _ = np.linalg.svd(changes - changes.mean(axis=0), full_matrices=False)
    power = scale**2
    both = (left * (power / (power + RIDGE * power.mean() + 1e-12))) @ left.T
    first, second = np.indices(both.shape)
    lag = second - first
    told = both[(lag >= NEAREST) & (lag <= FARTHEST)]
    both = np.clip((both - told.mean()) / (told.std() + 1e-12), -FARTHEST_OUT, FARTHEST_OUT)
    both -= both[(lag >= NEAREST) & (lag <= FARTHEST)].mean()
    found = np.zeros((FARTHEST - NEAREST + 1, LENGTH), np.float32)
    for row in range(min(FARTHEST, len(changes) - 1) - NEAREST + 1):
        diagonal = np.diag(both, row + NEAREST)
        found[row, : len(diagonal)] = diagonal
    return found / np.float32(np.sqrt((found**2).sum()) + 1e-12)


def _in(sounds: Sounds, patterns: Sequence[Pattern], ends_at: float) -> Looked:
    """Return where one index holds what is alike when as a pattern says."""
    alike = np.stack([one.alike for one in patterns])
    turned = np.conj(np.fft.rfft(alike, CHUNK, axis=2)).astype(np.complex64)
    fits, places, complete = [], [], True
    for begin in _chunks(sounds):
        if time.process_time() > ends_at:
            complete = False
            break
        found = _fits(sounds, turned, begin)
        # Chance is told by the best of each piece of the index.
        pieces = found[:, : found.shape[1] // LENGTH * LENGTH].reshape(len(found), -1, LENGTH)
        fits.append(pieces.max(axis=2))
        places.append(begin + pieces.argmax(axis=2) + np.arange(pieces.shape[1]) * LENGTH)
    if sum(one.shape[1] for one in fits) < LEAST_PIECES:
        return Looked((), complete)
    by_chance = np.concatenate(fits, axis=1)
    count = by_chance.shape[1]
    if len(sounds.moments):
        best, place, sufficed = _likely(sounds, alike, ends_at)
        fits, places, complete = [*fits, best], [*places, place], complete and sufficed
        count = len(sounds.map) // LENGTH
    return _judged(
        sounds,
        patterns,
        np.concatenate(fits, axis=1),
        np.concatenate(places, axis=1),
        Chances(by_chance, count * len(patterns)),
        complete,
    )


def _chunks(sounds: Sounds) -> list[int]:
    """Return where chunks of the index begin that are compared whole: of a large one a few, all over it."""
    begins = range(0, len(sounds.map) - 1, CHUNK - LENGTH - FARTHEST)
    if not len(sounds.moments) or len(begins) <= SAMPLED:
        return list(begins)
    return [begins[at] for at in np.linspace(0, len(begins) - 2, SAMPLED).astype(int)]


def _likely(sounds: Sounds, alike: Floats, ends_at: float) -> tuple[Floats, NDArray[np.int64], bool]:
    """Return each pattern's best fit at its likely places, and there; whether the time sufficed.

    Shapes (patterns, 1).
    """
    asked = alike[:, moments.LAGS[0] - NEAREST : moments.LAGS[-1] + 1 - NEAREST]
    owners, frames, complete = moments.likely(sounds.moments, asked, ends_at)
    fits = np.full((len(alike), 1), -np.inf, np.float32)
    places = np.zeros((len(alike), 1), np.int64)
    for owner in np.unique(owners).tolist():
        mine = frames[owners == owner]
        found = np.concatenate(
            [_exactly(sounds, alike[owner], mine[at : at + AT_ONCE]) for at in range(0, len(mine), AT_ONCE)]
        )
        fits[owner], places[owner] = found.max(), mine[found.argmax()]
    return fits, places, complete


def _exactly(sounds: Sounds, alike: Floats, frames: NDArray[np.int64]) -> Floats:
    """Return how well one pattern fits at some frames of the index. Shape (frames,)."""
    first = np.arange(LENGTH)
    asked = np.zeros((LENGTH, LENGTH + FARTHEST), np.float32)
    for row, lag in enumerate(range(NEAREST, FARTHEST + 1)):
        asked[first, first + lag] = alike[row]
    places = np.minimum(frames[:, None] + np.arange(LENGTH + FARTHEST + 1), len(sounds.map) - 1)
    changes = moments.changes(sounds.map, places)
    found: Floats = np.einsum("nib,nib->n", changes[:, :LENGTH], asked @ changes)
    return found


def _fits(sounds: Sounds, turned: NDArray[np.complex64], begin: int) -> Floats:
    """Return how well patterns fit at frames of the index from one on. Shape (patterns, frames)."""
    changes = moments.changes(sounds.map, np.arange(begin, min(begin + CHUNK, len(sounds.map))))
    total = np.zeros((len(turned), turned.shape[2]), np.complex64)
    for row, lag in enumerate(range(NEAREST, min(FARTHEST, len(changes) - 1) + 1)):
        alike = (changes[:-lag] * changes[lag:]).sum(axis=1)
        total += np.fft.rfft(alike, CHUNK)[None] * turned[:, row]
    most = min(len(changes), CHUNK - LENGTH - FARTHEST)
    found: Floats = np.fft.irfft(total, CHUNK, axis=1)[:, :most].astype(np.float32)
    return found


def _judged(
    sounds: Sounds,
    patterns: Sequence[Pattern],
    fits: Floats,
    places: NDArray[np.int64],
    chances: Chances,
    complete: bool,
) -> Looked:
    """Return the surest fit that chance does not explain, of shapes (patterns, pieces).

    Chance is a Gumbel law through the quartiles of the best of each piece. Source: Gumbel 1958.
    """
    low, middle, high = np.percentile(chances.fits, [25, 50, 75], axis=1)
    scale = np.maximum(high - low, 1e-9) / chance.QUARTILES
    over = (fits.max(axis=1) - middle) / scale + chance.MEDIAN
    surest = int(over.argmax())
    doubt = float(np.exp(np.log(chances.count) - over[surest]))
    if doubt >= ALARM:
        return Looked((), complete, doubt)
    pattern, piece = patterns[surest], int(fits[surest].argmax())
    recording, second = sounds.recording_at(int(places[surest, piece]))
    told = int((pattern.alike != 0).any(axis=0).sum()) + NEAREST
    change = Change(backwards=pattern.backwards)
    return Looked((Match(pattern.second, recording, second, told * FRAME, change, doubt),), complete, doubt)
