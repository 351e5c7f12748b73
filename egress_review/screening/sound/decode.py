"""Decodes sound from bytes, in every format of libsndfile, and guesses what bytes without a format may be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from egress_review.screening.limits import Limits
from egress_review.screening.parts import Sound
from egress_review.screening.sound.numbers import speechlike

LONGEST = 1800  # seconds that are decoded; the rest is not listened to
MOST_SAMPLES = 60_000_000
MOST_CHANNELS = 32
BLOCK = 1 << 18  # frames decoded at once
SAME = 1e-3  # of the power; channels that differ less are one
RAW = (
    *(
        "<i2",
        ">i2",
        "<i4",
        ">i4",
        "<f4",
        ">f4",
        "<f8",
        ">f8",
        "<f2",
        ">f2",
        "i1",
        "u1",
        "<u2",
        ">u2",
        "<u4",
        ">u4",
    ),
    *("ulaw", "alaw", "<i3", ">i3"),
)
WIDTHS = {"ulaw": 1, "alaw": 1, "<i3": 3, ">i3": 3}  # bytes a sample where numpy has no such type
SURELY = 1 << 17  # bytes by which they are told from sound, and samples by which loudness is
CANDIDATES = 6  # readings of the same bytes that are compared


def open(data: bytes, limits: Limits) -> Sound | None:
    """Return the sound in a file's bytes, mixed to mono, None where libsndfile reads none.

    At most LONGEST seconds are decoded. Errors: a file cut short gives what came before the cut.
    """
    found = channels(data, limits)
    return found[0] if found else None


def channels(data: bytes, limits: Limits) -> list[Sound]:
    """Return the mix, then each channel and each difference of two where they are not the same sound.

    Speech may stand in one channel alone, or only in what two channels differ by.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as opened:
            rate, width = int(opened.samplerate), int(opened.channels)
            if not 1 <= width <= MOST_CHANNELS or not 1000 <= rate <= 400_000:
                return []
            samples = _read(opened, min(LONGEST * rate, MOST_SAMPLES // width))
    except (soundfile.SoundFileError, RuntimeError, ValueError, OverflowError, TypeError):
        return []
    if not len(samples):
        return []
    return [Sound(one, rate, where) for where, one in _tracks(samples)]


def _read(opened: soundfile.SoundFile, most: int) -> NDArray[np.float32]:
    blocks: list[NDArray[np.float32]] = []
    left = most
    while left > 0:
        try:
            block = opened.read(min(BLOCK, left), dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, RuntimeError):
            break
        if not len(block):
            break
        blocks.append(np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0))
        left -= len(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)


def _tracks(samples: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    mix = samples.mean(axis=1)
    yield "", mix
    width = samples.shape[1]
    if width == 1:
        return
    power = float((samples**2).mean())
    first = samples[:, 0]
    for number in range(width):
        if float(((samples[:, number] - mix) ** 2).mean()) > SAME * power:
            yield f"channel {number + 1}", np.ascontiguousarray(samples[:, number])
    for number in range(1, min(width, 8)):
        apart = first - samples[:, number]
        if float((apart**2).mean()) > SAME**2 * power:
            yield f"channel 1 minus channel {number + 1}", apart


def candidates_from_bytes(data: bytes) -> Iterator[Sound]:
    """Yield what bytes that no format claims may be as samples, where that looks like a waveform; rate 0.

    8 to 64 bits, both byte orders, mu-law and A-law, from any byte on, in one channel or two in turn; the
    smoothest first, at most CANDIDATES of them. Source: ITU-T G.711 for the laws.
    """
    begun = data[:SURELY]
    found = [one for kind in RAW for one in _looked_at(begun, kind)]
    found.sort(key=lambda one: one.rough)
    kept: list[Candidate] = []
    for one in found:
        if len(kept) < CANDIDATES and not any(_same(one.samples, other.samples) for other in kept):
            kept.append(one)
    for one in kept:
        samples = _raw(data[one.begin :], one.kind)[one.side :: one.step]
        yield Sound(samples, 0, f"raw {one.kind.strip('<>')} samples")


@dataclass(frozen=True)
class Candidate:
    """One way to read bytes as samples, and how rough these are: the power of their steps over their own."""

    kind: str
    begin: int
    side: int
    step: int
    samples: NDArray[np.float32]
    rough: float


def _looked_at(data: bytes, kind: str) -> Iterator[Candidate]:
    """Yield the readings of a kind that look like sound; a header before it may be of any length."""
    for begin in range(WIDTHS.get(kind) or np.dtype(kind).itemsize):
        samples = _raw(data[begin:], kind)
        # As they are, else two channels in turn, of which one may be silent.
        for side, step in ((0, 1), (0, 2), (1, 2)):
            part = samples[side::step]
            if len(part) >= 1000 and speechlike(part):
                steps = float((np.diff(part) ** 2).mean()) / max(float(part.var()), 1e-12)
                yield Candidate(kind, begin, side, step, part, steps)
                break


def _same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Return whether two readings are one sound, as where only their lowest bits differ."""
    length = min(len(one), len(other), 4096)
    if abs(len(one) - len(other)) > 2:
        return False
    near = one[:length].astype(np.float64), other[:length].astype(np.float64)
    return abs(float(np.corrcoef(*near)[0, 1])) > 0.95 if min(part.std() for part in near) > 0 else False


def _raw(data: bytes, kind: str) -> NDArray[np.float32]:
    data = data[:MOST_SAMPLES]
    if kind in ("ulaw", "alaw"):
        law = (_mulaw if kind == "ulaw" else _alaw)(np.arange(256))
        return law[np.frombuffer(data, np.uint8)]
    if kind in ("<i3", ">i3"):
        threes = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3)
        order = (0, 1, 2) if kind == "<i3" else (2, 1, 0)
        high = threes[:, order[2]].astype(np.int8).astype(np.int32)
        whole = (high << 16) | (threes[:, order[1]].astype(np.int32) << 8) | threes[:, order[0]]
        return (whole / 8388608.0).astype(np.float32)
    width = np.dtype(kind).itemsize
    values = np.frombuffer(data[: len(data) // width * width], kind)
    with np.errstate(all="ignore"):
        found = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        # A header or other bytes read as floats may be huge: they must not make the rest look silent.
        sizes = np.abs(found[:: max(len(found) // SURELY, 1)])
        usual = 2.0 * float(np.percentile(sizes, 99)) if len(sizes) else 0.0
        loud = min(usual or np.inf, float(np.abs(found).max(initial=0.0)))
        scaled: NDArray[np.float32] = np.clip(found / max(loud, 1e-30), -1.0, 1.0).astype(np.float32)
    return scaled


def _mulaw(codes: NDArray[np.int64]) -> NDArray[np.float32]:
    inverted = 255 - codes
    magnitude = (((inverted & 15) << 3) + 132 << ((inverted >> 4) & 7)) - 132
    return (np.where(inverted & 128, -magnitude, magnitude) / 32768.0).astype(np.float32)


def _alaw(codes: NDArray[np.int64]) -> NDArray[np.float32]:
    plain = codes ^ 85
    exponent, mantissa = (plain >> 4) & 7, (plain & 15) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, (mantissa + 264) << np.maximum(exponent - 1, 0))
    return (np.where(plain & 128, magnitude, -magnitude) / 32768.0).astype(np.float32)
