"""Takes rows of numbers for what they may be: samples of a sound, at an unknown scale and rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound import matching
from egress_review.screening.sound.features import Floats
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.matching import Looked

RATES = (16000, 8000, 44100, 22050, 48000, 24000, 32000, 11025)  # tried where none is known
SMOOTH = 0.35  # correlation of neighbours over which numbers are no noise
CROSSINGS = (0.002, 0.6)  # changes of sign a sample: under it curves, over it noise


def speechlike(samples: NDArray[np.floating]) -> bool:
    """Return whether numbers look like a waveform: smooth, swinging about a mean, now loud, now soft.

    `samples` has shape (samples,), in any unit.
    """
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
    # Steady tones and noise keep their loudness, speech does not.
    return swelling(values)


def swelling(values: NDArray[np.float64]) -> bool:
    """Return whether numbers are louder and softer in turn. `values` has shape (samples,), in any unit."""
    frames = values[: len(values) // 100 * 100].reshape(-1, 100)
    loudness = np.sqrt((frames**2).mean(axis=1))
    return len(frames) > 1 and float(loudness.std()) > 0.25 * float(loudness.mean())


OUTLYING = 20.0  # times what nine tenths, or all but a hundredth, of the numbers stay under
SPEEDS_TRIED = 3  # of RATES whose neighbourhood, slower and faster, is searched too
RECORDED_SHARE = 0.5  # of the time
APART, LOUDER = 0.5, 30.0  # of all variance that between columns, and how much louder one may be than usual
LEAST_SAMPLES = 1200
PAIR = 2  # channels beside each other are sounds of their own
LONGEST = 2_000_000  # samples of one sequence that are compared
MOST_SEQUENCES = 24


def sequences(matrix: NDArray[np.floating]) -> Iterator[tuple[str, Floats]]:
    """Yield rows of numbers that look like samples: columns, rows, and all of them one after the other."""
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    # Samples dealt to a few rows are whole again when they are joined; each row alone would take as long.
    joined = _joined(values) if values.shape[1] > 1 and values.size >= LEAST_SAMPLES else iter(())
    if min(values.shape) > PAIR:
        yield from joined
    found = 0
    both = (("column", values.T), ("row", values)) if values.shape[1] > 1 else (("", values.T),)
    for name, lines in both:
        if lines.shape[1] < LEAST_SAMPLES:
            continue
        for number, line in enumerate(lines):
            for samples in _readings(line[:LONGEST]):
                yield f"{name} {number + 1}" if name else "", samples
                found += 1
            if found >= MOST_SEQUENCES:
                return
    yield from joined


def _joined(values: NDArray[np.float64]) -> Iterator[tuple[str, Floats]]:
    """Yield all rows, or columns, one after the other, where they may be samples."""
    if _of_one_kind(values if values.shape[1] <= values.shape[0] else values.T):
        for name, lines in (("rows", values), ("columns", values.T)):
            for samples in _readings(lines.ravel()[:LONGEST]):
                yield f"its {name}, one after the other", samples


def _of_one_kind(values: NDArray[np.float64]) -> bool:
    """Return whether columns may be samples written in rows: of one level, and about as loud as each other.

    Columns of different measures, one after the other, are a tone that is in no recording and near to some.
    """
    kept = np.nan_to_num(values)
    deviations = kept.std(axis=0)
    total = float(kept.var())
    apart = float(kept.mean(axis=0).var())
    return apart <= APART * total and float(deviations.max()) <= LOUDER * float(np.median(deviations))


def _readings(line: NDArray[np.float64]) -> Iterator[Floats]:
    """Yield a row of numbers as samples in -1 to 1: as they are, summed up, expanded, if that may be sound.

    Differences of samples are sound too, duller when summed; logarithms of them are made linear again.
    """
    values: NDArray[np.float64] = np.nan_to_num(line) - np.median(np.nan_to_num(line))
    # A few numbers far from all others are no samples; they must not make the rest look silent.
    top = float(np.percentile(np.abs(values), 99)) if len(values) else 0.0
    if top > 0:
        values[np.abs(values) > OUTLYING * top] = 0.0
    loud = float(np.abs(values).max(initial=0.0))
    usual = float(np.percentile(np.abs(values), 90)) if len(values) else 0.0
    loud = min(loud, OUTLYING * usual) if usual > 0 else loud
    if not np.isfinite(loud) or loud <= 0:
        return
    values = np.clip(values / loud, -1.0, 1.0)
    if speechlike(values):
        yield values.astype(np.float32)
        if float(np.abs(values).mean()) > 0.2:
            yield (np.sign(values) * (256.0 ** np.abs(values) - 1) / 255).astype(np.float32)
        return
    # Noise summed up looks like sound; unlike differences of speech it is as loud all the time.
    if not swelling(values):
        return
    # Every second sample turned over mirrors the spectrum.
    turned = values * np.resize((1.0, -1.0), len(values))
    for other in (turned, np.cumsum(values - values.mean())):
        if speechlike(other):
            yield (other / (np.abs(other).max() + 1e-12)).astype(np.float32)
            return


def heard(indexes: Sequence[Sounds], samples: Floats, seconds: float) -> Looked:
    """Return where samples at an unknown rate match: at the usual rates first, then between them."""
    first = as_recorded(indexes, samples, seconds * RECORDED_SHARE)
    if first.matches:
        return first
    then = as_changed(indexes, samples, seconds * (1 - RECORDED_SHARE))
    return Looked(then.matches, first.complete and then.complete)


def as_recorded(indexes: Sequence[Sounds], samples: Floats, seconds: float) -> Looked:
    """Return where samples match unchanged, at one of the usual rates."""
    return _at_rates(indexes, samples, seconds, RATES, (0,))


def as_changed(indexes: Sequence[Sounds], samples: Floats, seconds: float) -> Looked:
    """Return where samples match under the grid of changes, which also covers what lies between the rates."""
    return _at_rates(indexes, samples, seconds, RATES[:SPEEDS_TRIED], (1, 2))


def _at_rates(
    indexes: Sequence[Sounds], samples: Floats, seconds: float, rates: Sequence[int], stages: Sequence[int]
) -> Looked:
    complete = True
    for rate in rates:
        looked = matching.match(indexes, samples, rate, seconds / len(rates), stages=stages)
        complete = complete and looked.complete
        if looked.matches:
            return looked
    return Looked((), complete)
