"""What a recording is like: length, format, level, clipping, silence. Read in blocks, so memory stays small.

Definitions, so that numbers can be compared with other people's:

* Levels are dB relative to full scale, where 0 dB is an amplitude of 1.0: a square wave of full scale has
  0 dBFS RMS, a sine -3.01 (that is the plain RMS convention, not AES17’s, which adds 3.01).
* Clipped samples lie in runs of at least three at the ceiling of the file's own format, within one channel
  (the criterion of SoX and of most editors, which look for consecutive samples at full scale).
* A frame of 20 ms is silent when its level is under -60 dBFS, or 30 dB under the recording's loud frames
  (their 95th percentile): noise floors differ, pauses are told by the distance to the speech.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

FLOOR_DBFS = -120.0
SILENCE_DBFS = -60.0
PAUSE_DB = 30.0
LOUD_PERCENTILE = 95
FRAME_SECONDS = 0.02
RUN = 3
BLOCK_VALUES = 1 << 20
LONGEST_SECONDS = 12 * 3600
RATES_HZ = range(4_000, 384_001)
MOST_CHANNELS = 64
FORMATS = frozenset({"WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "NIST"})
# Bits of a sample, and the largest amplitude that the format can hold.
SUBTYPES: dict[str, tuple[int, float]] = {
    "PCM_S8": (8, 127 / 128),
    "PCM_U8": (8, 127 / 128),
    "PCM_16": (16, 32767 / 32768),
    "PCM_24": (24, 1.0),
    "PCM_32": (32, 1.0),
    "FLOAT": (32, 1.0),
    "DOUBLE": (64, 1.0),
    "ULAW": (8, 32124 / 32768),
    "ALAW": (8, 32256 / 32768),
}
Samples = NDArray[np.float32]


class Unmeasurable(Exception):
    """A file is no recording that can be measured; the message says why."""


@dataclass(frozen=True)
class Sound:
    """What one recording is like; `bits` is 0 where the format does not say."""

    rate_hz: int
    channels: int
    bits: int
    samples: int
    rms_dbfs: float
    peak_dbfs: float
    clipped_share: float
    silent_share: float

    @property
    def seconds(self) -> float:
        """How long the recording is, in seconds."""
        return self.samples / self.rate_hz


def measure(file: Path | int, goes_on: Callable[[], object] = lambda: None) -> Sound:
    """Return what a recording is like, from its path or an open file descriptor, which stays open.

    `goes_on` is called at each block, so that who waits sees that a recording of hours is still being read.
    Raises Unmeasurable where libsndfile reads no audio in it, where the header promises what the file does
    not hold, where values are not numbers, or where rate, channels or length are out of bounds.
    """
    try:
        with soundfile.SoundFile(str(file) if isinstance(file, Path) else file, closefd=False) as sound:
            _bounded(sound)
            return _measured(sound, goes_on)
    except (soundfile.LibsndfileError, TypeError, ValueError, RuntimeError) as error:
        raise Unmeasurable(f"it can’t be read as audio ({error})") from error


def level_dbfs(power: float) -> float:
    """Return a mean power (1.0 is full scale squared) in dBFS, no lower than -120."""
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power > 0 else FLOOR_DBFS


def silent_share(frames_dbfs: NDArray[np.float64]) -> float:
    """Return the share (0 to 1) of levels in dBFS, shape (frames,), that are pauses; 1.0 without a frame."""
    if not frames_dbfs.size:
        return 1.0
    loud = float(np.percentile(frames_dbfs, LOUD_PERCENTILE))
    return float(np.mean(frames_dbfs < max(SILENCE_DBFS, loud - PAUSE_DB)))


def _bounded(sound: Any) -> None:
    if sound.format not in FORMATS:
        raise Unmeasurable(f"its format, {sound.format}, is not one of {', '.join(sorted(FORMATS))}")
    if sound.samplerate not in RATES_HZ:
        raise Unmeasurable(f"its sample rate, {sound.samplerate} Hz, is not between 4 and 384 kHz")
    if sound.channels > MOST_CHANNELS:
        raise Unmeasurable(f"it has {sound.channels} channels; {MOST_CHANNELS} is the most")
    if sound.frames > LONGEST_SECONDS * sound.samplerate:
        raise Unmeasurable("its header says it is longer than 12 hours; cut it into recordings")


def _measured(sound: Any, goes_on: Callable[[], object]) -> Sound:
    bits, ceiling = SUBTYPES.get(sound.subtype, (0, 1.0))
    threshold = min(0.999, ceiling * 0.9999)
    runs = _Runs(sound.channels)
    frames: list[NDArray[np.float64]] = []
    total, peak, samples = 0.0, 0.0, 0
    for block in _blocks(sound):
        goes_on()
        if not np.isfinite(block).all():
            raise Unmeasurable("it holds values that are not numbers")
        power = np.mean(np.square(block, dtype=np.float64), axis=1)
        total += float(power.sum())
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
        runs.add(np.abs(block) >= threshold)
        frames.append(_levels(power, _frame(sound)))
        samples += len(block)
    if samples != sound.frames:
        raise Unmeasurable(f"its header promises {sound.frames} samples and it holds {samples}")
    if not samples:
        raise Unmeasurable("it holds no sample")
    return Sound(
        rate_hz=sound.samplerate,
        channels=sound.channels,
        bits=bits,
        samples=samples,
        rms_dbfs=level_dbfs(total / samples),
        peak_dbfs=level_dbfs(peak * peak),
        clipped_share=runs.count / (samples * sound.channels),
        silent_share=silent_share(np.concatenate(frames)),
    )


def _frame(sound: Any) -> int:
    return max(1, round(FRAME_SECONDS * int(sound.samplerate)))


def _blocks(sound: Any) -> Iterator[Samples]:
    """Yield blocks of shape (samples, channels): whole frames but the last, 4 MiB or one frame at most."""
    frame = _frame(sound)
    size = max(1, BLOCK_VALUES // (sound.channels * frame)) * frame
    left = LONGEST_SECONDS * sound.samplerate
    while left > 0:
        block = sound.read(min(size, left), dtype="float32", always_2d=True)
        if not len(block):
            return
        left -= len(block)
        yield block


def _levels(power: NDArray[np.float64], frame: int) -> NDArray[np.float64]:
    """Return each frame's level in dBFS; a rest shorter than a frame counts as one of its own."""
    whole = len(power) // frame * frame
    means = power[:whole].reshape(-1, frame).mean(axis=1)
    if whole < len(power):
        means = np.append(means, power[whole:].mean())
    floor = 10 ** (FLOOR_DBFS / 10)
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(means, floor))
    return levels


class _Runs:
    """Counts values in runs of three or more, across blocks: runs longer by two than what `both` counts."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self._last = np.zeros((RUN - 1, channels), dtype=bool)
        self._inside = np.zeros((1, channels), dtype=bool)

    def add(self, flags: NDArray[np.bool_]) -> None:
        """Count the next block's values."""
        joined = np.concatenate([self._last, flags])
        third = joined[2:] & joined[1:-1] & joined[:-2]
        before = np.concatenate([self._inside, third[:-1]])
        begun = third & ~before
        self.count += int(third.sum()) + (RUN - 1) * int(begun.sum())
        self._last, self._inside = joined[-(RUN - 1) :], third[-1:]
