"""Sound files: decoded to samples for the checks; what may leave is a plain WAV with few bits a sample."""

from __future__ import annotations

import io
import math
import wave

import numpy as np
import soundfile
from numpy.typing import NDArray

from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import SOUND
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Sound
from egress_review.screening.sound import decode
from egress_review.screening.verdict import Finding, Unscreenable, flag, note, refuse

RATE = 16_000  # samples a second; no copy has more
BITS = 11  # of the 16 that a sample has: what lies below is noise, or a message
CHANNELS, HEARD = 8, 4  # that a file may have, and mixes, channels and differences of two that are heard
BLOCK = 1 << 16  # samples read at once
TAPS = 32  # of the low-pass filter, on each side, at the lower rate
AGAIN = "Save the sound again as WAV or FLAC."


def open(data: bytes, limits: Limits) -> Opened:
    """Return the sound in a file, all channels as one; raises Unscreenable for broken or endless ones."""
    if _is_cut(data):
        raise _broken("it ends before its own end")
    samples, rate = _decoded(data, limits)
    findings = [note("sound_rebuilt", "The sound leaves as one channel, without tags or pictures.")]
    copy = _quantised(_resampled(samples, rate))
    return Opened(
        # Only the mix leaves; what one channel alone holds is still heard.
        (Sound(samples, rate), *decode.channels(data, limits)[1:HEARD]),
        _written(copy, min(rate, RATE)),
        SOUND,
        (*findings, *_behind(data)),
    )


def _decoded(data: bytes, limits: Limits) -> tuple[NDArray[np.float32], int]:
    """Return samples in -1 to 1 and their rate in samples a second."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as opened:
            rate, channels = opened.samplerate, opened.channels
            if not 1000 <= rate <= 384_000 or not 1 <= channels <= CHANNELS:
                raise _broken(f"{channels} channels at {rate} samples a second")
            blocks: list[NDArray[np.float32]] = []
            total = 0
            while len(block := opened.read(BLOCK, dtype="float32", always_2d=True)):
                total += len(block)
                if total > limits.sound_seconds * rate or total * 4 > 2 * limits.array_bytes:
                    raise refuse(
                        "size",
                        f"The sound is longer than {limits.sound_seconds:,} seconds, or too large.",
                        "Hand in a shorter one.",
                    )
                blocks.append(block.mean(axis=1, dtype=np.float32))
    except (soundfile.LibsndfileError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise _broken(type(error).__name__) from error
    if not blocks:
        raise _broken("it is empty")
    samples = np.nan_to_num(np.concatenate(blocks), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(samples, -1.0, 1.0).astype(np.float32), rate


def _broken(why: str) -> Unscreenable:
    return refuse("sound", f"The sound can't be read: {why}.", AGAIN)


def _is_cut(data: bytes) -> bool:
    """Return whether a WAV or AIFF says that it is longer than it is: its decoder would not mind."""
    if data[:4] == b"RIFF":
        said = int.from_bytes(data[4:8], "little")
    elif data[:4] == b"FORM":
        said = int.from_bytes(data[4:8], "big")
    else:
        return False
    return said + 8 > len(data) + 1


def _behind(data: bytes) -> list[Finding]:
    """Return a flag for bytes behind a WAV's own end; they are not in the copy."""
    if data[:4] != b"RIFF":
        return []
    over = len(data) - int.from_bytes(data[4:8], "little") - 8
    if over <= 1:
        return []
    return [
        flag("trailing_bytes", f"{over:,} bytes stood behind the sound's end; they were left out.", AGAIN)
    ]


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return samples at no more than 16,000 a second, low-passed before; source: windowed sinc, per phase."""
    if rate <= RATE:
        return samples
    shared = math.gcd(rate, RATE)
    up, down = RATE // shared, rate // shared
    width = TAPS * down / up
    count = max(1, len(samples) * up // down)
    padded = np.pad(samples, (math.ceil(width) + 1, math.ceil(width) + down + 1))
    out = np.empty(count, dtype=np.float32)
    taps = np.arange(-math.ceil(width), math.ceil(width) + 1)
    for phase in range(min(up, count)):
        centres = np.arange(phase, count, up, dtype=np.int64) * down
        whole, part = centres // up, (centres[0] % up) / up
        distance = (taps - part) * up / down
        weights = np.sinc(distance) * np.where(
            abs(distance) < TAPS, np.cos(distance * np.pi / 2 / TAPS) ** 2, 0
        )
        weights = (weights / weights.sum()).astype(np.float32)
        # Summed tap by tap: the windows laid out at once would need the memory many times over.
        total = np.zeros(len(whole), dtype=np.float32)
        for number, weight in enumerate(weights):
            total += weight * padded[whole + number + 1]
        out[phase::up] = total
    return out


def _quantised(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return samples of 16 bits whose lowest five are zero."""
    step = 1 << (16 - BITS)
    steps = np.round(samples.astype(np.float64) * 32768 / step)
    return (np.clip(steps, -32768 / step, 32768 / step - 1) * step).astype(np.int16)


def _written(samples: NDArray[np.int16], rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()
