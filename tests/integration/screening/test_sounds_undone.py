"""Samples under a transform, in shuffled columns, on a carrier, or as signs; beside those of a stranger."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from egress_review.screening import streams, undone
from egress_review.screening.carriers import drawings
from egress_review.screening.index import Index
from egress_review.screening.parts import Array
from egress_review.screening.sound import carried
from tests.integration.screening.hearing import STRANGER, checks, data, known
from tests.leaks import signal
from tests.unit.screening.voices import RATE, Samples, spoken

__all__ = ["data"]
File = tuple[str, bytes]


def npy(values: NDArray[np.floating]) -> bytes:
    """Return an array as a file."""
    out = io.BytesIO()
    np.save(out, values, allow_pickle=False)
    return out.getvalue()


def walsh(samples: Samples) -> File:
    """Return blocks of 64 samples as Walsh functions."""
    functions = np.ones((1, 1))
    while len(functions) < 64:
        functions = np.block([[functions, functions], [functions, -functions]])
    rows = samples[: len(samples) // 64 * 64].reshape(-1, 64) @ functions / 8
    return "w.npy", npy(rows.astype(np.float32))


def spectrum(samples: Samples) -> File:
    """Return a whole sound's spectrum, real and imaginary parts in two columns."""
    lines = np.fft.rfft(samples)
    return "f.npy", npy(np.stack([lines.real, lines.imag], axis=1).astype(np.float32))


def polar(samples: Samples) -> File:
    """Return a whole sound's spectrum as amounts and phases."""
    lines = np.fft.rfft(samples)
    return "p.npy", npy(np.stack([np.abs(lines), np.angle(lines)], axis=1).astype(np.float32))


def cosines(samples: Samples) -> File:
    """Return a whole sound as amounts of cosines."""
    both = np.fft.rfft(np.concatenate([samples, samples[::-1]]))[: len(samples)]
    lines = (both * np.exp(-1j * np.pi * np.arange(len(samples)) / (2 * len(samples)))).real
    return "d.npy", npy(lines.astype(np.float32))


def dealt(samples: Samples) -> File:
    """Return samples dealt to eight rows in turn."""
    whole = np.resize(samples, (len(samples) // 8 * 8,))
    return "r.npy", npy(whole.reshape(-1, 8).T.astype(np.float32))


def in_arrays(samples: Samples) -> File:
    """Return samples dealt to four arrays of a file in turn."""
    out = io.BytesIO()
    whole = np.resize(samples, (len(samples) // 4 * 4,)).astype(np.float32)
    np.savez(out, a=whole[::4], b=whole[1::4], c=whole[2::4], d=whole[3::4])
    return "r.npz", out.getvalue()


def stacked(samples: Samples) -> File:
    """Return log-mel frames as recognisers take them: four abreast, every third time."""
    frames = signal.log_mel(samples, RATE, bands=40)
    rows = np.hstack([frames[n : len(frames) - 3 + n] for n in range(4)])[::3]
    return "l.npy", npy(rows.astype(np.float32))


def in_turn(samples: Samples) -> File:
    """Return a spectrum with the amount and the phase of each bin in turn."""
    lines = signal.stft(samples, 256, 128)
    pairs = np.stack([np.abs(lines), np.angle(lines)], axis=-1)
    return "i.npy", npy(pairs.reshape(len(lines), -1).astype(np.float32))


def shuffled(samples: Samples) -> File:
    """Return samples in rows of 64 whose columns stand in another order."""
    order = np.random.default_rng(4).permutation(64)
    return "c.npy", npy(samples[: len(samples) // 64 * 64].reshape(-1, 64)[:, order].astype(np.float32))


def signs(samples: Samples) -> File:
    """Return samples as signs of a block of Unicode."""
    slow = signal.resample(samples, RATE, 8000)
    loud = slow / np.abs(slow).max()
    return "w.txt", "".join(chr(0x2800 + int(127 * (value + 1))) for value in loud).encode()


def shades(samples: Samples) -> File:
    """Return log-mel frames as a picture in signs, light to dark."""
    frames = signal.log_mel(samples, RATE, bands=40)
    levels = ((frames - frames.min()) / np.ptp(frames) * 9.99).astype(int)
    return "s.txt", "\n".join("".join(" .:-=+*#%@"[level] for level in row) for row in levels).encode()


def carrier(samples: Samples) -> File:
    """Return sound up to 2.5 kHz moved onto a carrier of 5 kHz."""
    low = np.fft.rfft(samples)
    low[round(2500 / RATE * len(samples)) :] = 0
    moved = np.fft.irfft(low, len(samples)) * np.cos(2 * np.pi * 5000 * np.arange(len(samples)) / RATE)
    return "s.wav", signal.encoded(signal.level(moved), RATE, "WAV", "PCM_16")


def ultrasonic(samples: Samples) -> File:
    """Return sound on a carrier of 19 kHz above another that is heard."""
    high = signal.resample(samples, RATE, 48_000)
    above = high * np.cos(2 * np.pi * 19_000 * np.arange(len(high)) / 48_000)
    heard = np.resize(signal.resample(spoken(9_777, 2.5), RATE, 48_000), len(high))
    return "s.wav", signal.encoded(signal.level(heard + 0.3 * above), 48_000, "WAV", "PCM_16")


WAYS: list[Callable[[Samples], File]] = [
    walsh,
    dealt,
    in_arrays,
    stacked,
    in_turn,
    spectrum,
    polar,
    cosines,
    shuffled,
    signs,
    shades,
    carrier,
    ultrasonic,
]


@pytest.mark.parametrize("way", WAYS)
def test_samples_are_recognised_under_what_hides_them(data: Index, way: Callable[[Samples], File]) -> None:
    assert known(checks(data, *way(spoken(7, 2.5))))
    assert not known(checks(data, *way(STRANGER)))


def test_lines_above_each_other_are_the_bands_of_one_matrix() -> None:
    lines = [[(float(at), 9.0 * n - at % (n + 2)) for at in range(210)] for n in range(8)]
    matrices = [part.values for part in drawings.lines(lines, []) if isinstance(part, Array)]
    assert [values.shape for values in matrices] == [(210, 8)]
    assert matrices[0][:4, 1].tolist() == [-9.0, -8.0, -7.0, -9.0]
    uneven = [line[: 205 + n % 2] for n, line in enumerate(lines)]
    assert not list(drawings.lines(uneven, []))


def test_weights_are_undone_into_nothing() -> None:
    weights = np.random.default_rng(1).normal(size=(128, 64))
    assert not list(undone.samples(weights))
    assert not list(carried.below(STRANGER, RATE))


def test_signs_are_put_in_the_order_in_which_they_lie_beside_each_other() -> None:
    levels: NDArray[np.int64] = (np.cumsum(np.random.default_rng(2).choice([-1, 0, 1], 4000)) % 8).reshape(
        40, 100
    )
    levels = np.abs(levels - 4)
    names = np.array([3, 0, 4, 1, 2])
    told = streams.ordered(names[levels], 5)
    assert (told == levels).all() or (told == 4 - levels).all()
