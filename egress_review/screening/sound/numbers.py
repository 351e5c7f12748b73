"""Takes rows of numbers for what they may be: samples of a sound, at an unknown scale and rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATES = (16000, 8000, 44100, 22050, 48000, 24000, 32000, 11025)  # tried where none is known
SMOOTH = 0.35  # correlation of neighbours over which numbers are no noise
CROSSINGS = (0.002, 0.6)  # changes of sign a sample: under it curves, over it noise


def speechlike(samples: NDArray[np.floating]) -> bool:
    """Return whether numbers look like a waveform: smooth, swinging about a mean, louder and softer in turn."""
    if len(samples) < 400:
        return False
    values = np.asarray(samples, dtype=np.float64)
    values = values - np.median(values)
    power = float((values**2).mean())
    if not np.isfinite(power) or power <= 0:
        return False
    neighbours = float((values[1:] * values[:-1]).mean()) / power
    crossings = float((np.signbit(values[1:]) != np.signbit(values[:-1])).mean())
    if neighbours < SMOOTH or not CROSSINGS[0] < crossings < CROSSINGS[1]:
        return False
    frames = values[: len(values) // 100 * 100].reshape(-1, 100)
    loudness = np.sqrt((frames**2).mean(axis=1))
    # Steady tones and noise keep their loudness, speech does not.
    return float(loudness.std()) > 0.25 * float(loudness.mean())
