"""Keeps in a byte a frame which later moments it is like, and finds by it where a pattern of these may be.

What `recurrence` compares costs too much for all of a large index. Of a fit that chance doesn't explain, bits
alone show enough to be among the few thousand best places, and these are then compared as before.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.sound import compact
from egress_review.screening.sound.features import FRAME, Floats

LAGS = range(3, 11)  # frames to the later moments, one for each bit
WHOLE = round(4 * 3600 / FRAME)  # frames of the largest index that is compared without
BLOCK = 16  # frames that are compared at once, at each frame of a block that a pattern may begin at
AT_ONCE = 1 << 14  # frames of the index compared at once
LIKELY = 3.5  # deviations by which a place must stand out
MOST = 4096  # places that are worth comparing

SIGNS: Floats = np.where(np.arange(256)[:, None] >> np.arange(8) & 1, 1.0, -1.0).astype(np.float32)
NONE: NDArray[np.uint8] = np.zeros(0, np.uint8)


def changes(words: NDArray[np.uint16], frames: NDArray[np.int64]) -> Floats:
    """Return how frames of a packed map differ from the ones before, whitened, as vectors of unit length.

    `frames` has shape (…, frames), the answer (…, frames - 1, 16).
    """
    vectors = np.diff(compact.unpack(words[frames]), axis=-2) @ compact.WHITEN
    found: Floats = vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-6)
    return found


def of(words: NDArray[np.uint16], goes_on: GoesOn = silent) -> NDArray[np.uint8]:
    """Return of each frame of a packed map which later changes its own is like; none of a small map.

    Shape (frames,), a bit for each of LAGS, from the lowest on.
    """
    if len(words) <= WHOLE:
        return NONE
    found = np.zeros(len(words), np.uint8)
    for begin in told(range(0, len(words), AT_ONCE), goes_on):
        some = changes(words, np.arange(begin, min(begin + AT_ONCE + LAGS[-1] + 1, len(words))))
        for bit, lag in enumerate(LAGS):
            like = ((some[:-lag] * some[lag:]).sum(axis=1) > 0)[:AT_ONCE]
            found[begin : begin + len(like)] |= like.astype(np.uint8) << bit
    return found


def likely(
    moments: NDArray[np.uint8], patterns: Floats, ends_at: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Return the places that patterns are likeliest to be at: which pattern, at which frame.

    `patterns` says how alike moments are, shape (patterns, LAGS, frames), 0 where that is not known. The
    third is whether the time, a moment of the processor's, sufficed.
    """
    wanted, blocks = _laid(patterns)
    rows, frames, scores = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    least = LIKELY
    for begin in range(0, len(moments), AT_ONCE):
        if time.process_time() > ends_at:
            return rows // BLOCK, frames, False
        fits = wanted @ _held(moments, begin, blocks).T
        row, block = np.nonzero(fits > least)
        rows = np.concatenate([rows, row])
        frames = np.concatenate([frames, begin + block * BLOCK + row % BLOCK])
        scores = np.concatenate([scores, fits[row, block]])
        if len(scores) > 4 * MOST:
            best = np.argpartition(-scores, MOST)[:MOST]
            rows, frames, scores = rows[best], frames[best], scores[best]
            least = float(scores.min())
    best = np.argsort(-scores, kind="stable")[:MOST]
    return rows[best] // BLOCK, frames[best], True


def _laid(patterns: Floats) -> tuple[Floats, int]:
    """Return patterns begun at each frame of a block, (patterns x BLOCK, blocks x BLOCK x LAGS), and blocks.

    Centred, so that it does not count how many moments of the index are alike, and of unit power.
    """
    known = patterns != 0
    counts = known.sum(axis=2, keepdims=True)
    centred = np.where(known, patterns - patterns.sum(axis=2, keepdims=True) / np.maximum(counts, 1), 0)
    unit = centred / (np.sqrt((centred**2).sum(axis=(1, 2), keepdims=True)) + 1e-12)
    length = int(known.any(axis=(0, 1)).nonzero()[0].max(initial=0)) + 1
    blocks = -(-(length + BLOCK - 1) // BLOCK)
    laid = np.zeros((len(patterns), BLOCK, blocks * BLOCK, len(LAGS)), np.float32)
    for at in range(BLOCK):
        laid[:, at, at : at + length] = unit[:, :, :length].transpose(0, 2, 1)
    return laid.reshape(len(patterns) * BLOCK, -1), blocks


def _held(moments: NDArray[np.uint8], begin: int, blocks: int) -> Floats:
    """Return the index from one frame on in runs of blocks, (runs, blocks x BLOCK x LAGS), bits as 1, -1."""
    some = np.asarray(moments[begin : begin + AT_ONCE + (blocks - 1) * BLOCK])
    runs = -(-min(len(some), AT_ONCE) // BLOCK)
    signs = np.zeros(((runs + blocks - 1) * BLOCK, len(LAGS)), np.float32)
    signs[: len(some)] = SIGNS[some]
    each = signs.reshape(runs + blocks - 1, -1)
    return np.concatenate([each[at : at + runs] for at in range(blocks)], axis=1)
