"""Keeps log-mel maps in six bytes a frame, and describes short stretches of them for searching."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound.features import BANDS, Floats

STRETCH = 6  # frames, half a second: what the lists of the index are made of
DEPTH = 20.0  # dB below the loudest frame of a stretch that count; deeper lies noise
CONTRAST = 0.25  # of a patch's whitened values, under which it says nothing
# Standard deviations of speech by order of a cosine transform over the bands, in dB (README). Divided by
# them, every order says as much; the highest weigh less, as half a step of the grid of pitches blurs them.
DEVIATIONS = np.array([45, 22, 18, 12, 9.5, 7.4, 6.3, 6, 5.1, 4.4, 4.2, 3.6, 2.8, 2.8, 2.5, 2]) / 3.5
TAPER = np.minimum(1.0, (24 - np.arange(16)) / 16)
MEMORY = 0.5  # what a frame is expected to keep of the one before it
TONE = 0.25  # weight of a patch's mean spectrum beside its changes: a filter changes the mean alone


def _cosines(length: int, count: int) -> NDArray[np.float64]:
    basis = np.cos(np.pi * np.arange(count)[:, None] * (np.arange(length) + 0.5) / length)
    basis[0] /= np.sqrt(2)
    found: NDArray[np.float64] = basis * np.sqrt(2 / length)
    return found


COSINES = _cosines(BANDS, BANDS)
# A frame is kept as a cosine transform over its bands in three words of 16 bits: 4 bits for its loudness, 3
# for each order after it and 2 for the last, so that each says about as well what it is compared by.
RANGE = (-45.0, 6.0)  # dB around the 99th percentile of a map that are kept
LOUDNESS = 4.0 * (RANGE[0] + (np.arange(16) + 0.5) * (RANGE[1] - RANGE[0]) / 16)
# Between the best eight levels of normal and of Laplacian numbers. Source: Max 1960, Adams and Giesler 1978.
EIGHT = np.array([-2.6, -1.5, -0.79, -0.24, 0.24, 0.79, 1.5, 2.6])
KEPT_DEVIATIONS = 0.8 * 3.5 * DEVIATIONS  # of what is cut to RANGE
TILTED = np.array([0, 10, 6, *[0] * 13])  # dB; speech is louder in the low bands
LAST = 1.05 * KEPT_DEVIATIONS[-1]  # dB between the four levels of the last order
# Of each word the orders it holds, from its lowest bits on; the last order's two bits stand above the others.
WORDS = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9), (10, 11, 12, 13, 14))


def _levels(order: int) -> NDArray[np.float64]:
    return TILTED[order] + KEPT_DEVIATIONS[order] * EIGHT if order else LOUDNESS


def pack(levels: Floats) -> NDArray[np.uint16]:
    """Return a map (frames, 16) in dB as (frames, 3) words; 0 is the 99th percentile of its values."""
    top = np.percentile(levels, 99) if levels.size else 0.0
    found = np.clip(levels - top, *RANGE) @ COSINES.T
    last = np.clip(np.floor(found[:, -1] / LAST) + 2, 0, 3).astype(np.uint16)
    packed = np.zeros((len(levels), len(WORDS)), np.uint16)
    for word, orders in enumerate(WORDS):
        at = 0
        for order in orders:
            steps = _levels(order)
            code = np.searchsorted((steps[1:] + steps[:-1]) / 2, found[:, order])
            packed[:, word] |= (code << at).astype(np.uint16)
            at += len(steps).bit_length() - 1
    packed[:, 1] |= (last >> 1) << 15
    packed[:, 2] |= (last & 1) << 15
    return packed


@lru_cache(maxsize=1)
def _tables() -> tuple[Floats, ...]:
    """Return what each value of each word adds to the 16 bands, in dB: (65536, 16) for each."""
    values = np.arange(1 << 16)
    found = []
    for word, orders in enumerate(WORDS):
        at, table = 0, np.zeros((1 << 16, BANDS))
        for order in orders:
            steps = _levels(order)
            table += steps[(values >> at) & (len(steps) - 1), None] * COSINES[order]
            at += len(steps).bit_length() - 1
        if word:
            table += (((values >> 15) - 0.5) * LAST * (2.0 / word))[:, None] * COSINES[-1]
        found.append(table.astype(np.float32))
    return tuple(found)


def unpack(packed: NDArray[np.uint16]) -> Floats:
    """Return words (..., frames, 3) as a map (..., frames, 16) in dB."""
    first, second, third = _tables()
    found: Floats = first[packed[..., 0]]
    found += second[packed[..., 1]]
    found += third[packed[..., 2]]
    return found


def prepare() -> None:
    """Compute now what maps are unpacked with, so that each file's process inherits it."""
    _tables()


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


WHITEN = (COSINES * (TAPER / DEVIATIONS)[:, None]).T.astype(np.float32)
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
