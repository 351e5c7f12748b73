"""Undoes what hides samples in a matrix: a transform of its rows, columns in another order, parts apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound.numbers import speechlike

Doubles = NDArray[np.float64]
WIDTHS = (8, 1024)  # columns of a matrix whose rows are undone
LEAST, MOST = 2_000, 2_000_000  # numbers of it
ROWS = 16  # from which it is told which columns are neighbours
PAIRED = 2  # columns of real and imaginary parts, or of amounts and phases


def samples(matrix: Doubles) -> Iterator[Doubles]:
    """Yield what looks like samples once rows are undone. Shape (rows, columns); each (samples,)."""
    if matrix.ndim != 2 or not LEAST <= matrix.size <= MOST:
        return
    for turned in (matrix, matrix.T) if PAIRED in matrix.shape else (matrix,):
        if turned.shape[1] == PAIRED:
            # A whole sound's spectrum, its real and imaginary parts side by side.
            yield from _heard(np.fft.irfft(turned[:, 0] + 1j * turned[:, 1]))
            yield from _heard(np.fft.irfft(turned[:, 0] * np.exp(1j * turned[:, 1])))
    if min(matrix.shape) == 1 and not speechlike(matrix.ravel()):
        yield from _heard(_from_cosines(matrix.ravel()))
    rows, width = matrix.shape
    if not WIDTHS[0] <= width <= WIDTHS[1] or rows < ROWS or speechlike(matrix.ravel()):
        return
    if width & (width - 1) == 0:
        yield from _heard((matrix @ _hadamard(width)).ravel())
    yield from _heard(matrix[:, _neighbours(matrix)].ravel())


def _heard(found: Doubles) -> Iterator[Doubles]:
    if speechlike(found):
        yield found


def _hadamard(width: int) -> Doubles:
    """Return the matrix of Walsh functions that is its own inverse. Source: Sylvester 1867."""
    found = np.ones((1, 1))
    while len(found) < width:
        found = np.block([[found, found], [found, -found]])
    even: Doubles = found / np.sqrt(width)
    return even


def _from_cosines(lines: Doubles) -> Doubles:
    """Return what a cosine transform was made of. Source: Makhoul 1980, "A fast cosine transform"."""
    count = len(lines)
    turned = np.exp(1j * np.pi * np.arange(count) / (2 * count))
    both = (lines - 1j * np.append(0.0, lines[:0:-1])) * turned
    halves = np.fft.irfft(both[: count // 2 + 1], count)
    found = np.empty(count)
    found[::2] = halves[: (count + 1) // 2]
    found[1::2] = halves[::-1][: count // 2]
    return found


def _neighbours(matrix: Doubles) -> NDArray[np.int64]:
    """Return the columns in an order in which each is most like the one before it, as samples are."""
    centred = matrix - matrix.mean(axis=0)
    centred = centred / np.maximum(np.linalg.norm(centred, axis=0), 1e-300)
    alike = centred.T @ centred
    np.fill_diagonal(alike, -2.0)
    # The first of a row has one neighbour only.
    order = [int(np.argmin(np.sort(alike, axis=1)[:, -2:].sum(axis=1)))]
    left = np.ones(len(alike), dtype=bool)
    left[order[0]] = False
    while left.any():
        order.append(int(np.argmax(np.where(left, alike[order[-1]], -3.0))))
        left[order[-1]] = False
    return np.array(order)
