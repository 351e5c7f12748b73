"""Turns sound into log-mel maps of 16 bands and 12.5 frames a second, as recorded or as if changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BANDS = 16
LOWEST, HIGHEST = 100.0, 3800.0  # Hz; the band of telephone speech, which every usual recording has
FRAME = 0.08  # seconds of a frame of the map
HOP = 0.008  # seconds between spectra
WINDOW = 0.032  # seconds of a spectrum
DEEPEST = 60.0  # dB below the loud parts that a map shows
QUIET = 1e-9  # power; digital silence

Floats = NDArray[np.float32]


def mel(hz: NDArray[np.floating] | float) -> NDArray[np.float64]:
    """Return frequencies in mel. Any shape, which stays. Source: O'Shaughnessy 1987, as HTK has it."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz, dtype=np.float64) / 700.0)


def hertz(mels: NDArray[np.floating] | float) -> NDArray[np.float64]:
    """Return mel values in hertz. Any shape, which stays. Source: as for `mel`."""
    return 700.0 * (10.0 ** (np.asarray(mels, dtype=np.float64) / 2595.0) - 1.0)


EDGES = hertz(np.linspace(float(mel(LOWEST)), float(mel(HIGHEST)), BANDS + 2))
CENTRES = EDGES[1:-1]
# 3 dB an octave: without it the loud low bands alone would decide.
TILT = (CENTRES / 1000.0).astype(np.float32)


@dataclass(frozen=True)
class Change:
    """How a sound may have been changed: `tempo` times as fast, frequencies times `pitch`, played backwards,
    spectrum mirrored at half the rate.

    `moved` is by how many Hz the spectrum was moved up or, where it is mirrored, the mirror.
    """

    tempo: float = 1.0
    pitch: float = 1.0
    backwards: bool = False
    mirrored: bool = False
    moved: float = 0.0

    def __str__(self) -> str:
        words = []
        if abs(self.tempo - 1) > 0.04:
            words.append(f"played {self.tempo:.2f} times as fast")
        if abs(self.pitch - 1) > 0.04:
            words.append(f"frequencies times {self.pitch:.2f}")
        if self.backwards:
            words.append("backwards")
        if self.mirrored:
            words.append("spectrum mirrored")
        if self.moved:
            words.append(f"moved by {self.moved:.0f} Hz")
        return ", ".join(words)


@lru_cache(maxsize=256)
def _filters(bins: int, spacing: float, change: Change) -> tuple[Floats, NDArray[np.bool_]]:
    """Return filters (bins, 16) of unit sum where a change put the bands, and which of these can be heard."""
    highest = (bins - 1) * spacing
    at = np.arange(bins) * spacing
    if change.mirrored:
        at = highest + change.moved - at / change.pitch
        centres = (highest + change.moved - CENTRES) * change.pitch
    else:
        at = (at - change.moved) / change.pitch
        centres = CENTRES * change.pitch + change.moved
    rising = (at[:, None] - EDGES[:-2]) / (EDGES[1:-1] - EDGES[:-2])
    falling = (EDGES[2:] - at[:, None]) / (EDGES[2:] - EDGES[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    total = weights.sum(axis=0)
    # Narrow filters may fall between two bins: then the nearest bin alone.
    for band in np.flatnonzero(total == 0):
        weights[np.argmin(np.abs(at - CENTRES[band])), band] = 1.0
    weights /= weights.sum(axis=0)
    return weights.astype(np.float32), (centres > 0) & (centres < highest)


class Spectra:
    """The power spectra of a sound every 8 ms, from which maps under any change are drawn."""

    def __init__(self, power: Floats, spacing: float) -> None:
        self.power, self.spacing = power, spacing
        self._sums: dict[Change, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}

    @classmethod
    def of(cls, samples: Floats, rate: float) -> Spectra:
        """Return the spectra of mono samples at `rate` samples a second; the last window may be padded."""
        length = max(round(WINDOW * rate), 16)
        count = max(int(np.ceil(len(samples) / (HOP * rate))), 1)
        starts = np.round(np.arange(count) * HOP * rate).astype(np.int64)
        padded = np.pad(samples, (length // 2, length + int(HOP * rate) + 1))
        bins = 1 << (length - 1).bit_length()
        shape = np.hanning(length + 1)[:-1].astype(np.float32)
        power = np.empty((count, bins // 2 + 1), dtype=np.float32)
        for at in range(0, count, 512):
            windows = padded[starts[at : at + 512, None] + np.arange(length)] * shape
            spectrum = np.fft.rfft(windows, bins, axis=1)
            power[at : at + 512] = spectrum.real**2 + spectrum.imag**2
        power /= float((shape**2).sum())
        return cls(power, rate / bins)

    def _summed(self, change: Change) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        key = replace(change, tempo=1.0, backwards=False)
        if key not in self._sums:
            weights, valid = _filters(self.power.shape[1], self.spacing, key)
            bands = self.power @ weights * TILT
            self._sums[key] = (np.vstack([np.zeros((1, BANDS)), np.cumsum(bands, axis=0)]), valid)
        return self._sums[key]

    def map(self, change: Change = Change(), shift: float = 0.0) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the map (frames, 16) in dB that the unchanged sound had, and which bands could be heard.

        `shift` in frames moves the frames' beginnings. At least one frame; the last may be cut short.
        """
        sums, valid = self._summed(change)
        if change.backwards:
            sums = sums[-1] - sums[::-1]
        step = FRAME / HOP / change.tempo
        return decibels(pooled(sums, step, shift * step)), valid


def pooled(sums: NDArray[np.float64], step: float, begins: float = 0.0) -> NDArray[np.float64]:
    """Return means over `step` rows each, from running sums (rows + 1, bands); a short end is left out."""
    rows = len(sums) - 1
    count = max(int((rows - begins) / step + 0.1), 1)
    edges = np.clip(begins + np.arange(count + 1) * step, 0, rows)
    low = np.minimum(edges.astype(np.int64), rows)
    part = (edges - low)[:, None]
    at = sums[low] * (1 - part) + sums[np.minimum(low + 1, rows)] * part
    width = np.maximum(np.diff(edges), 1e-6)[:, None]
    means: NDArray[np.float64] = np.diff(at, axis=0) / width
    return means


def decibels(power: NDArray[np.float64]) -> Floats:
    """Return power (frames, bands) in dB, at most DEEPEST under the loudest band."""
    loudest = max(float(power.max(initial=0.0)), QUIET)
    levels: Floats = 10.0 * np.log10(np.maximum(power, loudest * 10.0 ** (-DEEPEST / 10.0)))
    return levels.astype(np.float32)
