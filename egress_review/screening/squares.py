"""Tells pictures of squares that have nothing to do with each other: bits for a camera, in no known code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.verdict import Finding, block

SIDES = (2, 64)  # pixels of a square
LEAST = 4_096  # squares: half a kilobyte; a heat map has fewer, the largest usual QR codes as well
COLOURS, STEP = 8, 32  # different ones at most, so many levels apart; a map of measured values has more
EDGE = 0.25  # of the usual change between squares, from which a column or row of pixels is an edge
WIDE = 3  # squares without an edge between them, behind which another part of the picture begins
REGULAR = 0.9  # of the edges stand whole squares apart
MOSTLY = 0.75  # of the squares that have one colour where a few mark places: a confusion matrix
ALIKE = 0.2  # correlation of neighbouring squares under which they are as chance makes them

Floats = NDArray[np.float32]


def check(picture: Image.Image, where: str = "") -> list[Finding]:
    """Return the block for a picture that is mostly squares of few colours, set as if by chance."""
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    across, down = _grid(grey), _grid(grey.T)
    if len(across) * len(down) < LEAST:
        return []
    cells = grey[np.ix_(down, across)]
    _, counts = np.unique(np.round(cells / STEP), return_counts=True)
    if len(counts) > COLOURS or counts.max() > MOSTLY * cells.size:
        return []
    if max(_alike(cells), _alike(cells.T)) >= ALIKE:
        return []
    message = f"The picture is {len(down)} by {len(across)} squares that follow no order: it carries data."
    return [block("codes", message, "Draw a plot of aggregated results.", where)]


def _grid(grey: Floats) -> NDArray[np.int64]:
    """Return the pixel columns in the middle of the squares that stand side by side; none without a grid."""
    changes = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    usual = float(np.percentile(changes[changes > 0], 90)) if changes.any() else 0.0
    edges = np.flatnonzero(changes > EDGE * usual) + 1
    # An edge between two pixels is told by both.
    edges = edges[np.concatenate(([True], np.diff(edges) > 1))] if len(edges) else edges
    edges = _longest(edges)
    gaps = np.diff(edges)
    if len(gaps) < SIDES[0]:
        return np.zeros(0, np.int64)
    count = int(np.round(gaps / np.median(gaps)).sum())
    side = float(edges[-1] - edges[0]) / max(count, 1)
    off = np.abs(gaps - np.round(gaps / side) * side)
    if not SIDES[0] <= side <= SIDES[1] or (off <= 1.0).mean() < REGULAR or side < np.median(gaps) - 1:
        return np.zeros(0, np.int64)
    found: NDArray[np.int64] = (edges[0] + side * (np.arange(count) + 0.5)).astype(np.int64)
    return found


def _longest(edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the longest run of edges that stand close: around it there are axes and names."""
    if len(edges) < 3:
        return edges
    gaps = np.diff(edges)
    parts = np.split(edges, np.flatnonzero(gaps > WIDE * np.median(gaps)) + 1)
    return max(parts, key=len)


def _alike(cells: Floats) -> float:
    """Return how alike neighbours in a row are: the correlation of their brightness."""
    centred = cells - cells.mean()
    power = float((centred**2).mean())
    return float((centred[:, 1:] * centred[:, :-1]).mean()) / power if power > 0 else 1.0
