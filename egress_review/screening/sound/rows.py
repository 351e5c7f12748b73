"""Finds the rows of a stream of numbers, and the columns of a matrix that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

LEAST_WIDE, MOST_WIDE = 8, 600  # numbers of a row
LEAST_ROWS = 16
LONGEST = 1 << 17  # numbers by which a width is guessed
AROUND = 8  # of a width, what lies a little nearer or farther
PEAK = 0.12  # by how much numbers a row apart are more alike than those a little nearer or farther
ALIKE = 0.7  # correlation of rows with the next: frames have 0.85 and more, periods of a voice 0.65 and less
BEST = 0.85  # of the highest peak that a shorter width must reach: two rows are as alike
GUESSES = 2  # widths that are tried
BROKEN, WHOLE = 0.3, 0.6  # by how much less alike columns are where bands end, and how much most are

Doubles = NDArray[np.float64]


def widths(stream: Doubles) -> Iterator[int]:
    """Yield how wide the rows may be that a stream of numbers was written in: frames are like the next.

    By peaks of the correlation with itself, the shortest of like ones first. Source: Wiener and Khinchin.
    """
    part = stream[:LONGEST]
    most = min(len(part) // LEAST_ROWS, MOST_WIDE)
    if most <= LEAST_WIDE:
        return
    centred = part - part.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(part))) ** 2
    alike = np.fft.irfft(power)[: most + most // AROUND + 3]
    if alike[0] <= 0:
        return
    alike /= alike[0]
    lags = np.arange(LEAST_WIDE, most + 1)
    beside = np.maximum(lags // AROUND, 2)
    around = np.maximum(alike[lags - beside], alike[lags + beside])
    risen = (alike[lags] >= alike[lags - 1]) & (alike[lags] >= alike[lags + 1]) & (alike[lags] >= ALIKE)
    risen &= alike[lags] - around > PEAK
    peaks = lags[risen]
    if not len(peaks):
        return
    high = [int(lag) for lag in peaks if alike[lag] >= BEST * alike[peaks].max()]
    yield from high[:GUESSES]


def together(matrix: Doubles, least: int) -> Iterator[Doubles]:
    """Yield the longest run of columns that are like their neighbours, where it is not the whole matrix.

    Frames that are stacked, or stand beside their changes, pitch or loudness, are no one spectrum.
    """
    width = matrix.shape[1]
    if width < 2 * least or len(matrix) < LEAST_ROWS:
        return
    centred = matrix - matrix.mean(axis=0)
    scale = np.sqrt((centred**2).mean(axis=0)) + 1e-12
    near = (centred[:, 1:] * centred[:, :-1]).mean(axis=0) / (scale[1:] * scale[:-1])
    usual = float(np.median(near))
    if usual < WHOLE:
        return
    ends = [0, *(np.flatnonzero(near < usual - BROKEN) + 1).tolist(), width]
    begin, end = max(pairwise(ends), key=lambda one: one[1] - one[0])
    if least <= end - begin < width:
        yield matrix[:, begin:end]
