"""Finds a sound that was moved onto a carrier, as radio does: both sides of it are the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from egress_review.screening.sound.features import Floats

SECONDS = 20  # of a sound that are looked at
HEARD = 8_000.0  # Hz above which another sound may lie over the one that is heard
LOWEST = 600.0  # Hz of a carrier; speech is moved less on the grid of changes
FAINT = 1e-7  # of all power, under which nothing lies above what is heard
SAME = 0.9  # of the power that both sides share; of what only looks alike, under 0.8


def below(samples: Floats, rate: int) -> Iterator[Floats]:
    """Yield what carriers carry, at the same rate: of the whole sound, and of what lies above 8 kHz."""
    part = np.asarray(samples[: SECONDS * rate], dtype=np.float64)
    size = len(part) // 2 * 2
    if size < rate // 4:
        return
    lines = np.fft.rfft(part[:size])
    hertz = rate / size
    power = float((np.abs(lines) ** 2).sum())
    for lowest in (0.0, HEARD):
        first = int(lowest / hertz)
        sides = np.abs(lines)
        sides[:first] = 0.0
        told = float((sides**2).sum())
        if first >= len(lines) or told <= FAINT * power:
            continue
        # Of each middle: how much of the power is the same on both its sides.
        shared = np.fft.irfft(np.fft.rfft(sides, 2 * len(sides)) ** 2, 2 * len(sides))
        twice = int(shared[int(2 * LOWEST / hertz) :].argmax()) + int(2 * LOWEST / hertz)
        if shared[twice] >= SAME * told:
            lines_above = np.where(np.arange(len(lines)) >= first, lines, 0.0)
            above = np.fft.irfft(lines_above, size)
            turning = np.exp(-2j * np.pi * (twice / 2 * hertz) * np.arange(size) / rate)
            # The phase of the carrier is whichever makes it loudest.
            base = np.fft.ifft(_low(np.fft.fft(above * turning), hertz))
            angle = np.angle((base**2).sum()) / 2
            moved = (base * np.exp(-1j * angle)).real
            yield (moved / (np.abs(moved).max() + 1e-12)).astype(np.float32)


def _low(
    lines: np.ndarray[tuple[int], np.dtype[np.complex128]], hertz: float
) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    """Return a spectrum without what lies above the highest frequency of speech that is compared."""
    kept = lines.copy()
    edge = int(HEARD / 2 / hertz)
    kept[edge : len(kept) - edge] = 0.0
    return kept
