"""Made-up voices: pulses through moving formants, syllables and pauses, as unlike each other as speech is."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tests.leaks import signal

RATE = 16_000
HOP, SIZE = 128, 512

Samples = NDArray[np.float32]


@lru_cache(maxsize=64)
def spoken(seed: int, seconds: float = 4.0) -> Samples:
    """Return speech-like sound, the same for the same seed, float32 at 16 kHz."""
    chance = np.random.default_rng(seed)
    count = round(seconds * RATE)
    syllables = round(seconds * 6) + 2
    pitch = _moving(90 + 130 * chance.random() + chance.normal(0, 18, syllables), count)
    source = np.diff((np.cumsum(pitch) / RATE) % 1.0, prepend=0.0) < 0
    noisy = source + chance.normal(0, 0.05, count)
    frames = signal.stft(noisy.astype(np.float32), SIZE, HOP)
    hertz = np.fft.rfftfreq(SIZE, 1 / RATE)
    envelope = np.zeros(frames.shape)
    for low, high, width in ((250, 850, 90), (800, 2500, 130), (2100, 3200, 180), (3300, 4800, 250)):
        centre = _moving(chance.uniform(low, high, syllables), len(frames))
        level = 10 ** (_moving(chance.uniform(-14, 0, syllables), len(frames)) / 20)
        envelope += level[:, None] / (1 + ((hertz[None] - centre[:, None]) / width) ** 2)
    loud = _moving(chance.choice([0.02, 0.3, 0.7, 1.0], syllables), len(frames))
    return signal.level(signal.istft(frames * envelope * loud[:, None], SIZE, HOP))


def _moving(targets: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return np.interp(np.linspace(0, len(targets) - 1, count), np.arange(len(targets)), targets)
