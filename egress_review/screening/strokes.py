"""Strokes of a picture, as of letters, told from the grounds that they stand on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STROKE = 11  # pixels; what is thinner stands on a ground, what is not is one
Grey = NDArray[np.int16]


def closed(level: Grey, width: int) -> Grey:
    """Return levels without dark strokes thinner than `width`: the highest of the lowest about each pixel.

    `level` has shape (height, width) in pixels, and so has the answer.
    """
    return -_highest(-_highest(level, width), width)


def _highest(level: Grey, width: int) -> Grey:
    """Return the highest level within a square about each pixel; `level` has shape (height, width)."""
    for axis in (0, 1):
        padded = np.pad(
            level, [(width // 2, width // 2) if at == axis else (0, 0) for at in (0, 1)], mode="edge"
        )
        count = level.shape[axis]
        level = padded.take(range(count), axis)
        for offset in range(1, width):
            np.maximum(level, padded.take(range(offset, offset + count), axis), out=level)
    return level
