"""How far the lines of a picture stand askew, as in a photograph or a scan, and the picture put straight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

INK = 50  # levels of 256 that a letter differs from the picture's ground
COARSE, COARSE_SIDE = range(-45, 46), 500  # degrees tried, and pixels a side of the picture they are tried on
FINE, FINE_SIDE = tuple(step / 4 for step in range(-4, 5)), 1000  # degrees about the best of those
LEAST = 0.25  # degrees; less does not keep letters from being read


def straightened(image: Image.Image) -> Image.Image | None:
    """Return a picture turned by up to 45 degrees so that its lines run across it; None where they do.

    Straight is where the ink of a row differs most from its neighbours': rows of letters and the gaps between
    them then fall apart. Source: projection profiles after Postl (1986), "Detection of linear oblique
    structures and skew scan in digitized documents".
    """
    grey = image.convert("L")
    coarse = _ink(grey, COARSE_SIDE)
    around = max(COARSE, key=lambda degrees: _contrast(coarse, degrees))
    fine = _ink(grey, FINE_SIDE)
    degrees = max((around + step for step in FINE), key=lambda degrees: _contrast(fine, degrees))
    if abs(degrees) < LEAST or _contrast(fine, degrees) <= _contrast(fine, 0):
        return None
    ground = int(np.median(np.asarray(grey)))
    return grey.rotate(degrees, resample=Image.Resampling.BILINEAR, expand=True, fillcolor=ground)


def _ink(grey: Image.Image, side: int) -> Image.Image:
    """Return where a picture, at most so many pixels a side, is drawn on: 1, else 0."""
    small = grey.copy()
    small.thumbnail((side, side), Image.Resampling.BOX)
    level: NDArray[np.int16] = np.asarray(small, dtype=np.int16)
    return Image.fromarray((np.abs(level - np.median(level)) > INK).astype(np.uint8))


def _contrast(ink: Image.Image, degrees: float) -> float:
    """Return how much the ink of rows differs from that of the next ones, after a turn by these degrees."""
    rows = np.asarray(ink.rotate(degrees), dtype=np.float64).sum(axis=1)
    return float(np.square(np.diff(rows)).sum())
