"""How likely it is that numbers equal a person's by chance: the score behind every match of values.

The chance is measured, not assumed: the same numbers, moved by a few of their own last digits, are looked up
as well. Numbers of histograms, curves or coefficients lie as close to the data moved as unmoved; copied ones
don't. What is shown to few digits lies close to the data either way, and proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from egress_review.screening.disclosure.shown import Shown, regular
from egress_review.screening.people import Floats

MOVES = (-29, -17, -11, -7, -5, -3, 3, 5, 7, 11, 17, 29)
PRIOR = 20.0
LEAST = 3  # numbers that must match
SHARE = 0.2
UNLIKELY = 1e-6  # the chance, over all comparisons of a table, below which it is no chance
FILLED = 0.2
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

Transform = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Likeness:
    """How many of the numbers matched, of how many, and the logarithm (base 10) of the chance for it."""

    hits: int
    of: int
    log_chance: float
    reference: str = ""

    @property
    def telling(self) -> bool:
        """Whether this can't be chance."""
        return self.hits >= LEAST and self.hits >= SHARE * self.of and self.log_chance < math.log10(UNLIKELY)


NOTHING = Likeness(0, 0, 0.0)


def hits(low: Floats, high: Floats, reference: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each interval whether the sorted reference has a value in it.

    `low` and `high` have shape (intervals,), and so has the answer; `reference` has shape (values,).
    """
    return np.searchsorted(reference, high, "right") > np.searchsorted(reference, low, "left")


def score(numbers: Shown, reference: Floats, transforms: dict[str, Transform] | None = None) -> Likeness:
    """Return the best likeness of numbers to a sorted reference, over transforms of what is shown.

    A transform leads from what is shown back to the reference's unit and must be monotone. `reference` has
    shape (values,).
    """
    best = NOTHING
    if len(numbers) < LEAST or not len(reference) or regular(numbers):
        return best
    for name, back in {"": _same, **(transforms or {})}.items():
        for shown in (numbers, replace(numbers, cut_off=True)):
            found = _scored(shown, reference, back, name)
            if found.log_chance < best.log_chance:
                best = found
        if best.telling and name == "":
            break
    return best


def scored(numbers: Shown, reference: Floats, back: Transform, name: str) -> Likeness:
    """Return how alike numbers are to a sorted reference under one monotone transform, rising or falling.

    `reference` has shape (values,), ascending; `back` leads from what is shown to its unit.
    """
    return NOTHING if regular(numbers) else _scored(numbers, reference, back, name)


def _ends(numbers: Shown, back: Transform) -> tuple[Floats, Floats]:
    one, other = back(numbers.low), back(numbers.high)
    return np.minimum(one, other), np.maximum(one, other)


def _same(values: Floats) -> Floats:
    return values


def _scored(numbers: Shown, reference: Floats, back: Transform, name: str) -> Likeness:
    with np.errstate(all="ignore"):
        low, high = _ends(numbers, back)
        valid = np.isfinite(low) & np.isfinite(high)
        if int(valid.sum()) < LEAST:
            return NOTHING
        kept = numbers.chosen(valid)
        matched = hits(low[valid], high[valid], reference)
        count, of = int(matched.sum()), int(valid.sum())
        if count < LEAST or count < SHARE * of:
            return NOTHING
        moved = int(hits(*_ends(kept.moved(MOVES), back), reference).sum())
        density = _density(low[valid], high[valid], reference)
    trials = of * len(MOVES)
    chance = (moved + PRIOR * density) / (trials + PRIOR)
    return Likeness(count, of, log_tail(count, of, chance), name)


def _density(low: Floats, high: Floats, reference: Floats) -> float:
    """Return how often a number of this width has a value of the reference in it, by the local density."""
    near = min(max(5, len(reference) // 100), len(reference) - 1)
    if near < 1:
        return float(np.mean(high - low > 0) * 0.02)
    at = np.searchsorted(reference, (low + high) / 2)
    first = np.clip(at - near, 0, len(reference) - 1)
    last = np.clip(at + near, 0, len(reference) - 1)
    span = np.maximum(reference[last] - reference[first], 1e-300)
    expected = (last - first) / span * (high - low)
    return float(np.mean(1.0 - np.exp(-np.minimum(expected, 50.0))))


def log_tail(count: int, of: int, chance: float) -> float:
    """Return log10 of the chance for `count` or more successes `of` trials (Chernoff's bound)."""
    chance = min(max(chance, 1e-6), 1.0)
    share = count / of
    if share <= chance:
        return 0.0
    loss = share * math.log(share / chance)
    if share < 1:
        loss += (1 - share) * math.log((1 - share) / (1 - chance))
    return -of * loss / math.log(10)


def transforms(reference: Floats, of_time: bool) -> dict[str, Transform]:
    """Return the usual disguises of a column, as ways back: other units, logarithms, standard scores.

    `reference` has shape (values,), ascending; `of_time` says that it is in seconds.
    """
    scales = {"× 1000": 1000.0, "/ 1000": 0.001, "/ 60": 1 / 60, "× 100": 100.0, "/ 3600": 1 / 3600}
    if of_time:
        scales |= {f"in samples at {rate} Hz": float(rate) for rate in RATES}
    logarithms: dict[str, Transform] = {
        "log": np.exp,
        "log10": lambda x: 10.0**x,
        "log2": np.exp2,
        "log(1+x)": np.expm1,
    }
    if _fills_its_lattice(reference):
        # Tenths in another unit are fractions of small whole numbers, as the points of any curve may be.
        return logarithms
    found: dict[str, Transform] = {name: _divided(factor) for name, factor in scales.items()} | logarithms
    spread, mean = float(reference.std()), float(reference.mean())
    if spread > 0:
        found["standardised"] = _affine(spread, mean)
        found["standardised (sample)"] = _affine(float(reference.std(ddof=1)), mean)
        found["scaled to 0 to 1"] = _affine(float(np.ptp(reference)), float(reference.min()))
    return found


def _fills_its_lattice(reference: Floats) -> bool:
    """Return whether a column's values are most of the multiples of some unit between them."""
    parts = np.unique(np.rint(reference * 1e6).astype(np.int64)) if np.abs(reference).max() < 1e12 else None
    if parts is None or len(parts) < 2:
        return False
    unit = int(np.gcd.reduce(np.diff(parts)))
    low, high = np.quantile(parts, (0.1, 0.9))
    return bool(len(parts) > FILLED * max(1.0, (high - low) / max(unit, 1)))


def _divided(factor: float) -> Transform:
    return lambda values: values / factor


def _affine(factor: float, offset: float) -> Transform:
    return lambda values: values * factor + offset
