"""Takes rows of numbers for frames of features, of unknown kind, range and rate, and draws maps from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound import compact
from egress_review.screening.sound.features import (
    BANDS,
    CENTRES,
    DEEPEST,
    EDGES,
    FRAME,
    Change,
    decibels,
    pooled,
)
from egress_review.screening.sound.search import View

LEAST_BANDS, MOST_BANDS = 6, 2100
LEAST_FRAMES = 12
LEAST_CEPSTRA, CEPSTRA, MOST_CEPSTRA = 8, 13, 20
# Seconds from one frame to the next.
HOPS = (0.01, 0.0125, 0.016, 0.02, 0.03, 0.005, 0.008, 0.0116, 0.0232, 0.025, 0.032, 0.04, 0.0064, 0.029)
MEL_RANGES = (
    (0.0, 8000.0),
    (0.0, 4000.0),
    (80.0, 7600.0),
    (0.0, 11025.0),
    (0.0, 12000.0),
    (0.0, 22050.0),
    (20.0, 3800.0),
)
# Of constant-Q transforms and gammatone filters.
LOG_RANGES = ((80.0, 7600.0), (32.7, 4000.0), (32.7, 8000.0), (80.0, 5000.0), (50.0, 8000.0))
NYQUISTS = (8000.0, 4000.0, 11025.0, 12000.0, 5512.0, 16000.0, 22050.0, 24000.0)
STEADY = 0.25  # correlation with the next row: frames of speech, 40 ms apart, have 0.4
SPREAD = 13.0  # dB by which speech varies in a band: what unknown units are scaled to
# Of decibels, natural and decimal logarithms of power and decimal ones of amplitude, the first whose spread
# is speech's is taken.
UNITS, USUAL_SPREAD = (1.0, 10 / np.log(10), 10.0, 20.0), (8.5, 19.0)
SHIFTS = (0.0, 0.5)
PREDICTORS = (8, 40)  # coefficients of a linear predictor
COEFFICIENTS = (0.5, 200.0)  # of which the largest is that large
TRIED, STABLE, RESOLVED = 40, 0.95, 128  # frames tried, share that is stable, bins of a spectrum

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Which frequency each of an unknown number of bands may stand for, as a share 0 to 1 of the axis."""

    name: str
    lowest: float
    highest: float

    def share(self, hz: NDArray[np.floating]) -> Doubles:
        """Return where frequencies lie on the axis, 0 at its beginning, 1 at its end.

        `hz` may have any shape, which stays.
        """
        low, high = _bent(self.name, self.lowest), _bent(self.name, self.highest)
        found: Doubles = (_bent(self.name, np.asarray(hz, dtype=np.float64)) - low) / (high - low)
        return found


def _bent(name: str, hz: NDArray[np.floating] | float) -> Doubles:
    """Return frequencies on the scale `name`. Source: HTK book; Slaney 1998; Glasberg and Moore 1990."""
    at = np.asarray(hz, dtype=np.float64)
    if name == "linear":
        return at
    if name == "log":
        return np.log(np.maximum(at, 1.0))
    if name == "erb":
        return np.log(1.0 + 0.00437 * at)
    if name == "htk":
        return 2595.0 * np.log10(1.0 + at / 700.0)
    return np.where(
        at < 1000.0, at * 3 / 200, 15.0 + 27.0 * np.log(np.maximum(at, 1e-9) / 1000.0) / np.log(6.4)
    )


@dataclass(frozen=True)
class Reading:
    """What rows of numbers may be: maps (frames, 16) in dB before they are pooled, and what they can show."""

    levels: Doubles
    valid: NDArray[np.bool_]
    orders: tuple[int, int] = (0, BANDS)


MELS = tuple(Axis(name, low, high) for low, high in MEL_RANGES for name in ("slaney", "htk"))
CEPSTRAL = (MELS[0], MELS[3], MELS[1], MELS[6])  # up to 8, 4, 8 and 11 kHz: cepstra show no more detail
LOGS = (Axis("erb", 50.0, 8000.0), *(Axis("log", low, high) for low, high in LOG_RANGES))
LINES = tuple(Axis("linear", 0.0, high) for high in NYQUISTS)


def views(
    matrix: NDArray[np.floating],
    *,
    hops: Sequence[float] = HOPS,
    axes: Sequence[Axis] | None = None,
    shifts: Sequence[float] = SHIFTS,
) -> Iterator[View]:
    """Yield maps of a matrix (frames, bands) as log-mel, spectrum or cepstra, the usual settings first.

    `hops` are the seconds that a frame may stand for; where `axes` are given, cepstra are left out.
    """
    if len(matrix) < LEAST_FRAMES:
        return
    frames = _decibels(np.nan_to_num(np.asarray(matrix, dtype=np.float64)))
    if frames is None or steadiness(frames) < STEADY:
        return
    neighbours = alikeness(frames)
    readings: list[Reading] = []
    if neighbours > 0.35:
        readings += [_of_bands(frames, axis) for axis in axes or _axes(frames.shape[1])]
    if axes is None and neighbours < 0.8 and LEAST_CEPSTRA <= frames.shape[1] <= 130:
        readings += list(_of_cepstra(frames))
    if axes is None and PREDICTORS[0] <= matrix.shape[1] <= PREDICTORS[1]:
        told = np.nan_to_num(np.asarray(matrix, dtype=np.float64))
        # How loud a frame was may stand before its filter, or behind it.
        parts = (told, told[:, 1:], told[:, :-1])
        readings += next((found for part in parts if (found := list(_of_predictors(part)))), [])
    for hop in hops:
        for reading in readings:
            if reading.valid.sum() >= BANDS // 2:
                yield from _at(reading, hop, shifts)


def _axes(width: int) -> tuple[Axis, ...]:
    # Hundreds of bands are bins of a transform, a few dozen are mel bands.
    return (*LINES, *MELS[:4]) if width > 128 else (*MELS, *LINES[:3], *LOGS)


def _at(reading: Reading, hop: float, shifts: Sequence[float]) -> Iterator[View]:
    step = FRAME / hop
    if len(reading.levels) < step * 4:
        return
    # Power is averaged, as where the index's own maps are drawn.
    sums = np.vstack([np.zeros((1, BANDS)), np.cumsum(_power(reading.levels), axis=0)])
    for shift in shifts:
        yield _drawn(reading, sums, step, shift)


def _drawn(reading: Reading, sums: Doubles, step: float, shift: float) -> View:
    def later(view: View, parts: float, _: float) -> View:
        return _drawn(reading, sums, step, view.shift + parts)

    levels = decibels(pooled(sums, step, shift * step))
    return View(levels, reading.valid, Change(), shift, 0.0, later, orders=reading.orders)


def _decibels(matrix: Doubles) -> Doubles | None:
    """Return values on a logarithmic scale, spread as decibels of speech are; None for what is constant."""
    if matrix.min() >= 0 and matrix.max() > 0:
        # Power, magnitude or pictures of them: far more small values than large ones.
        high = float(np.percentile(matrix, 99.5))
        if high > 0 and float(np.median(matrix)) < 0.12 * high:
            return _scaled(10.0 * np.log10(np.maximum(matrix, high * 1e-6)))
    return _scaled(matrix)


def _scaled(levels: Doubles) -> Doubles | None:
    spread = float(np.sqrt(((levels - levels.mean(axis=0)) ** 2).mean()))
    if not np.isfinite(spread) or spread <= 1e-12:
        return None
    units = [unit for unit in UNITS if USUAL_SPREAD[0] <= spread * unit <= USUAL_SPREAD[1]]
    return levels * (units[0] if units else SPREAD / spread)


def _power(levels: Doubles) -> Doubles:
    found: Doubles = 10.0 ** (np.clip(levels - levels.max(), -DEEPEST, 0.0) / 10.0)
    return found


def alikeness(matrix: Doubles) -> float:
    """Return the mean correlation of neighbouring columns: near 1 for spectra, near 0 for cepstra."""
    centred = matrix - matrix.mean(axis=0)
    scale = np.sqrt((centred**2).mean(axis=0)) + 1e-9
    both = (centred[:, 1:] * centred[:, :-1]).mean(axis=0) / (scale[1:] * scale[:-1])
    return float(np.median(both))


def steadiness(matrix: Doubles) -> float:
    """Return how much rows are like the next in the steadiest quarter of columns: near 0 without order."""
    centred = matrix - matrix.mean(axis=0)
    scale = (centred**2).mean(axis=0) + 1e-9
    return float(np.percentile((centred[1:] * centred[:-1]).mean(axis=0) / scale, 75))


def _of_bands(frames: Doubles, axis: Axis) -> Reading:
    """Return the 16 bands that an axis says the columns cover, and which it covers."""
    width = frames.shape[1]
    # Mel filters peak inside the range, bins of a transform begin at its lower end.
    begins = axis.name in ("linear", "log", "erb")
    at = np.arange(width) / (width - 1) if begins else (np.arange(width) + 1.0) / (width + 1)
    edges = axis.share(EDGES)
    rising = (at[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    for band in np.flatnonzero(weights.sum(axis=0) < 0.5):
        place = np.clip(edges[band + 1], at[0], at[-1])
        right = int(np.clip(np.searchsorted(at, place), 1, width - 1))
        part = (place - at[right - 1]) / (at[right] - at[right - 1])
        weights[:, band] = 0.0
        weights[right - 1, band], weights[right, band] = 1 - part, part
    weights /= weights.sum(axis=0)
    levels = 10 * np.log10(np.maximum(_power(frames) @ weights, 1e-12))
    return Reading(levels, edges[1:-1] <= 1.0, (0, min(width, BANDS)))


def _of_predictors(frames: Doubles) -> Iterator[Reading]:
    """Yield bands from columns taken for the coefficients of a linear predictor. Source: Makhoul 1975.

    Such a filter is stable, in every frame; how loud a frame was it does not say.
    """
    if not COEFFICIENTS[0] < np.abs(frames).max() < COEFFICIENTS[1]:
        return
    for sign in (-1.0, 1.0):
        filters = np.hstack([np.ones((len(frames), 1)), sign * frames])
        tried = filters[:: max(len(filters) // TRIED, 1)]
        roots = (np.abs(np.roots(one)).max(initial=0.0) for one in tried if np.isfinite(one).all())
        if np.mean([root < 1.02 for root in roots] or [False]) < STABLE:
            continue
        gain = np.abs(np.fft.rfft(filters, 2 * RESOLVED, axis=1))
        levels = -20.0 * np.log10(np.maximum(gain, 1e-6))
        for axis in LINES[:4]:
            found = _of_bands(levels - levels.mean(axis=1, keepdims=True), axis)
            yield Reading(found.levels, found.valid, (1, BANDS))


def _cepstra(width: int) -> int:
    """Return how many of so many columns are cepstra: 13 where their changes may follow, at most 20."""
    return CEPSTRA if width >= 2 * CEPSTRA - 2 else min(width + 1, MOST_CEPSTRA)


def _of_cepstra(frames: Doubles) -> Iterator[Reading]:
    """Yield bands from columns taken for cepstra: from the first to third column, with or without order 0."""
    deviations = frames.std(axis=0) + 1e-9
    if deviations.max() < 3 * np.median(deviations):
        # Standardised: give each order what speech varies by.
        usual = np.interp(np.arange(frames.shape[1]), np.arange(BANDS), compact.DEVIATIONS)
        frames = frames / deviations * usual
    for skipped in range(min(3, frames.shape[1] - LEAST_CEPSTRA + 1)):
        for lowest in (0, 1):
            taken = frames[:, skipped : skipped + _cepstra(frames.shape[1] - skipped) - lowest]
            orders = np.arange(lowest, lowest + taken.shape[1])
            # Those of linear predictors stand on no mel scale.
            for axis in CEPSTRAL if skipped else (*CEPSTRAL, LINES[0]):
                share = axis.share(CENTRES)
                basis = np.cos(np.pi * orders[:, None] * share[None, :])
                basis[orders == 0] /= np.sqrt(2)
                levels = taken @ basis
                spread = np.sqrt(((levels - levels.mean(axis=0)) ** 2).mean()) + 1e-9
                # So many cosines over the whole axis are fewer over the part of it that is heard.
                part = min(float(share[-1]), 1.0) - float(share[0])
                most = int(np.ceil((orders[-1] + 1) * part)) + 1
                yield Reading(levels * (SPREAD / spread), share <= 1.0, (lowest, min(most, BANDS)))
