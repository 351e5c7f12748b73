"""Voiceprints: what little the maps of an index say of each voice, kept to compare sets of voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound.features import BANDS, Floats

SPOKEN = 25.0  # dB below a recording's loud parts that still count as speech
NUMBERS = 3 * BANDS
STEP = 0.3  # dB


def voiceprint(levels: Floats) -> Floats:
    """Return 48 numbers on a voice from a map (frames, 16) in dB: its mean spectrum, spread, changes.

    Tells sexes and channels apart well and people only somewhat (README); it compares sets of voices.
    """
    if len(levels) < 2:
        return np.zeros(NUMBERS, np.float32)
    loud = levels.mean(axis=1)
    spoken = levels[loud >= np.percentile(loud, 95) - SPOKEN]
    shape = spoken.mean(axis=0)
    changes = np.abs(np.diff(levels, axis=0)).mean(axis=0)
    found: Floats = np.concatenate([shape - shape.mean(), spoken.std(axis=0), changes]).astype(np.float32)
    return found


def gather(maps: Iterator[Floats], into: list[Floats]) -> Iterator[Floats]:
    """Yield maps on, each voice's print put aside as it passes.

    Each map has shape (frames, 16), in dB; each print is as `voiceprint` says.
    """
    for levels in maps:
        into.append(voiceprint(levels))
        yield levels


def stacked(prints: Sequence[NDArray[np.floating]]) -> NDArray[np.int8]:
    """Return voiceprints as they are kept, (voices, 48) in steps of STEP."""
    whole = np.round(np.array(prints, dtype=np.float32).reshape(-1, NUMBERS) / STEP)
    return np.clip(whole, -127, 127).astype(np.int8)


def unstacked(kept: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return kept voiceprints in dB.

    `kept` has shape (voices, 48), in steps of STEP, and so has the answer.
    """
    return np.asarray(kept, dtype=np.float64) * STEP
