"""Keeps log-mel maps in half a byte a value, and describes short stretches of them for searching."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound.features import BANDS, Floats

STEP = 3.0  # dB of one of the 16 levels
STRETCH = 6  # frames, half a second: what the lists of the index are made of
DEPTH = 20.0  # dB below the loudest frame of a stretch that count; deeper lies noise
CONTRAST = 0.25  # of a patch's whitened values, under which it says nothing
# Standard deviations of speech by order of a cosine transform over the bands, in dB (README). Divided by
# them, every order says as much; the highest weigh less, as half a step of the grid of pitches blurs them.
DEVIATIONS = np.array([45, 22, 18, 12, 9.5, 7.4, 6.3, 6, 5.1, 4.4, 4.2, 3.6, 2.8, 2.8, 2.5, 2]) / 3.5
TAPER = np.minimum(1.0, (24 - np.arange(16)) / 16)
MEMORY = 0.5  # what a frame is expected to keep of the one before it
TONE = 0.25  # weight of a patch's mean spectrum beside its changes: a filter changes the mean alone

_LEVELS = (np.arange(16, dtype=np.float32) - 15) * STEP
LOOKUP = np.stack([_LEVELS[np.arange(256) >> 4], _LEVELS[np.arange(256) & 15]], axis=1)


def pack(levels: Floats) -> NDArray[np.uint8]:
    """Return a map (frames, 16) in dB as (frames, 8) bytes; 0 is the 99th percentile, the range 45 dB."""
    top = np.percentile(levels, 99) if levels.size else 0.0
    steps = np.clip(np.round((levels - top) / STEP) + 15, 0, 15).astype(np.uint8)
    packed: NDArray[np.uint8] = ((steps[:, 0::2] << 4) | steps[:, 1::2]).astype(np.uint8)
    return packed


def unpack(packed: NDArray[np.uint8]) -> Floats:
    """Return bytes (..., frames, 8) as a map (..., frames, 16) in dB."""
    found: Floats = LOOKUP[packed].reshape(*packed.shape[:-1], BANDS)
    return found


def floored(patches: Floats) -> Floats:
    """Return patches (count, frames, bands) of which nothing is deeper than DEPTH below the loudest frame."""
    level = patches.mean(axis=2).max(axis=1)
    found: Floats = np.maximum(patches, (level - DEPTH)[:, None, None])
    return found


def whitened(
    patches: Floats, valid: NDArray[np.bool_], tone: float = TONE, orders: tuple[int, int] = (0, BANDS)
) -> Floats:
    """Return patches (count, frames, up to 16) such that unlike speech correlates as little as noise would.

    `orders` of the cosine transform are kept, from the first up to the second. Patches are centred, bands
    that were not heard left out, then divided by what speech varies by and what its last frame foretells.
    Source: whitening before a matched filter, Turin 1960.
    """
    flat = floored(patches)
    spectrum = flat.mean(axis=1, keepdims=True)
    mean = spectrum[:, :, valid].mean(axis=2, keepdims=True)
    flat -= np.float32(1 - tone) * spectrum + np.float32(tone) * mean
    flat *= valid
    found: Floats = flat @ WHITEN[:, orders[0] : orders[1]]
    found[:, 1:] -= np.float32(MEMORY) * found[:, :-1]
    return found


def _cosines(length: int, count: int) -> NDArray[np.float64]:
    basis = np.cos(np.pi * np.arange(count)[:, None] * (np.arange(length) + 0.5) / length)
    basis[0] /= np.sqrt(2)
    found: NDArray[np.float64] = basis * np.sqrt(2 / length)
    return found


WHITEN = (_cosines(BANDS, BANDS) * (TAPER / DEVIATIONS)[:, None]).T.astype(np.float32)
TIMES, TONES = 4, 8
SOFTER = 0.6  # the lists are found by the orders that survive most
_IN_TIME = _cosines(STRETCH, TIMES) / np.array([1.6, 1.3, 1.1, 1.0])[:, None]
_IN_TONE = _cosines(BANDS, TONES) * (DEVIATIONS[:TONES] ** -SOFTER)[:, None]
# (frames x bands, 31): the low orders of a two-dimensional cosine transform, without the constant
BASIS = (
    np.einsum("at,bf->tfab", _IN_TIME, _IN_TONE)
    .reshape(STRETCH * BANDS, TIMES * TONES)[:, 1:]
    .astype(np.float32)
)
DIMENSIONS = BASIS.shape[1]


def describe(patches: Floats, tone: float = TONE) -> tuple[Floats, Floats]:
    """Return unit vectors (count, 31) of patches (count, 6, 16), and each patch's contrast."""
    flat = floored(patches)
    spectrum = flat.mean(axis=1, keepdims=True)
    flat -= np.float32(1 - tone) * (spectrum - spectrum.mean(axis=2, keepdims=True))
    vectors = flat.reshape(len(flat), -1) @ BASIS
    length = np.linalg.norm(vectors, axis=1)
    return vectors / (length[:, None] + 1e-6), length / np.sqrt(DIMENSIONS)
