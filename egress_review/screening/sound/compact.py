"""Keeps log-mel maps in half a byte a value, and describes short stretches of them for searching."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound.features import BANDS, Floats

STEP = 3.0  # dB of one of the 16 levels
STRETCH = 6  # frames, half a second: what the lists of the index are made of
DEPTH = 28.0  # dB below the loudest frame of a stretch that count; deeper lies noise
TONE = 0.25  # weight of a stretch's mean spectrum beside its changes: a filter changes the mean alone
ENERGY = 0.4  # weight of how loud each frame is as a whole: pauses and onsets are alike everywhere
CONTRAST = 2.0  # dB of standard deviation under which a stretch says nothing

_LEVELS = (np.arange(16, dtype=np.float32) - 15) * STEP
LOOKUP = np.stack([_LEVELS[np.arange(256) >> 4], _LEVELS[np.arange(256) & 15]], axis=1)


def pack(levels: Floats) -> NDArray[np.uint8]:
    """Return a map (frames, 16) in dB as (frames, 8) bytes; 0 is the 99th percentile, the range 45 dB."""
    top = np.percentile(levels, 99) if levels.size else 0.0
    steps = np.clip(np.round((levels - top) / STEP) + 15, 0, 15).astype(np.uint8)
    return (steps[:, 0::2] << 4) | steps[:, 1::2]


def unpack(packed: NDArray[np.uint8]) -> Floats:
    """Return bytes (..., frames, 8) as a map (..., frames, 16) in dB."""
    found: Floats = LOOKUP[packed].reshape(*packed.shape[:-1], BANDS)
    return found


def centred(patches: Floats, tone: float = TONE) -> Floats:
    """Return patches (count, frames, bands) floored, without their mean; loudness and mean spectrum scaled."""
    level = patches.mean(axis=2)
    floored: Floats = np.maximum(patches, (level.max(axis=1) - DEPTH)[:, None, None])
    loud = floored.mean(axis=2, keepdims=True)
    mean = loud.mean(axis=1, keepdims=True)
    spectrum = floored.mean(axis=1, keepdims=True) - mean
    floored -= np.float32(1 - tone) * spectrum + np.float32(1 - ENERGY) * (loud - mean) + mean
    return floored


def _cosines(length: int, count: int) -> NDArray[np.float64]:
    basis = np.cos(np.pi * np.arange(count)[:, None] * (np.arange(length) + 0.5) / length)
    basis[0] /= np.sqrt(2)
    found: NDArray[np.float64] = basis * np.sqrt(2 / length)
    return found


TIMES, TONES = 4, 8
_IN_TIME = _cosines(STRETCH, TIMES)
_IN_TONE = _cosines(BANDS, TONES)
# (frames x bands, 31): the low orders of a two-dimensional cosine transform, without the constant
BASIS = (
    np.einsum("at,bf->tfab", _IN_TIME, _IN_TONE)
    .reshape(STRETCH * BANDS, TIMES * TONES)[:, 1:]
    .astype(np.float32)
)
DIMENSIONS = BASIS.shape[1]


def describe(patches: Floats, tone: float = TONE) -> tuple[Floats, Floats]:
    """Return unit vectors (count, 31) of patches (count, 6, 16), and each patch's contrast in dB."""
    flat = centred(patches, tone).reshape(len(patches), -1)
    contrast = np.sqrt((flat**2).mean(axis=1))
    vectors = flat @ BASIS
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6
    return vectors, contrast
