"""Two numbers of which one is a statistic of many people and the other the same without one of them.

Wherever they stand: in one sentence or two columns, in two files, in this release and an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure.shown import number
from egress_review.screening.people import Floats, People

DIGITS = 4  # shorter numbers are as likely equal by chance
MOST = 400  # numbers that are compared with each other
LABELS = 30  # values of a column that groups are made by
FEWEST = 3  # people of a group that can be told apart by leaving one out
SURE, PERHAPS = 0.1, 0.2  # numbers that would lie as near to such a difference by chance
MOVES = (-29, -17, -11, -7, 7, 11, 17, 29)  # last digits by which numbers are moved to see what chance does
NEAR = 0.51  # units of the last digit that a rounded number may be off


@dataclass(frozen=True)
class Statistic:
    """What a group has together, and what it has without each of its people, in order."""

    what: str
    everyone: float
    less: Floats


@dataclass(frozen=True)
class LeftOut:
    """A pair that tells one person's share of a statistic; `chance` is how many such pairs chance gives."""

    what: str
    chance: float
    cells: tuple[str, str]

    @property
    def sure(self) -> bool:
        """Whether this can hardly be chance."""
        return self.chance <= SURE


@lru_cache(maxsize=4)
def statistics(people: People) -> tuple[Floats, tuple[Statistic, ...]]:
    """Return every mean, sum and deviation of the data's groups, sorted, and what they are.

    The values have shape (statistics,) and ascend; the second says what each is.
    """
    found = sorted(_statistics(people), key=lambda one: one.everyone)
    return np.array([one.everyone for one in found]), tuple(found)


def _statistics(people: People) -> Iterator[Statistic]:
    for name, mask in _groups(people):
        for column in people.numbers:
            values = np.asarray(column.values)
            chosen = mask & ~np.isnan(values)
            speakers, kept = people.speakers[chosen], values[chosen]
            count = np.bincount(speakers).astype(np.float64)
            if np.count_nonzero(count) < FEWEST:
                continue
            sums: Floats = np.bincount(speakers, weights=kept).astype(np.float64)
            squares: Floats = np.bincount(speakers, weights=kept**2).astype(np.float64)
            here = count > 0
            yield from _of(f"{column.name!r} of {name}", count[here], sums[here], squares[here])


def _of(what: str, count: Floats, sums: Floats, squares: Floats) -> Iterator[Statistic]:
    n, total, square = count.sum(), sums.sum(), squares.sum()
    with np.errstate(all="ignore"):
        pairs = (
            ("mean", total / n, (total - sums) / (n - count)),
            ("sum", total, total - sums),
            ("mean over people", *_of_means(sums / count)),
            (
                "deviation",
                _deviation(n, total, square),
                _deviation(n - count, total - sums, square - squares),
            ),
        )
    for name, everyone, less in pairs:
        if np.isfinite(everyone) and np.isfinite(less).all():
            yield Statistic(f"{name} of {what}", float(everyone), np.sort(less))


def _of_means(means: Floats) -> tuple[float, Floats]:
    return float(means.mean()), (means.sum() - means) / (len(means) - 1)


def _deviation(n: Floats, total: Floats, square: Floats) -> Floats:
    return np.sqrt(np.maximum(square - total**2 / n, 0.0) / np.maximum(n - 1, 1))


def _groups(people: People) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield all recordings, and those of each label of the columns of few labels."""
    yield "all recordings", np.ones(people.recording_count, bool)
    for column in people.labels:
        if 2 <= len(column.labels) <= LABELS:
            for code in range(len(column.labels)):
                yield f"a group by {column.name!r}", column.codes == code


def pairs(first: Iterable[str], second: Iterable[str], people: People) -> LeftOut | None:
    """Return the surest pair, of which one is in `first`, that differs by exactly one person, or None."""
    if not people.recording_count:
        return None
    cells, new, values, units = _read(first, second)
    if len(values) < 2:
        return None
    known, stats = statistics(people)
    low = np.searchsorted(known, values - NEAR * units, "left")
    high = np.searchsorted(known, values + NEAR * units, "right")
    # As many numbers equal a statistic by chance as do once they are moved by a few of their last digits.
    moved = (_met(known, values + move * units, units) for move in MOVES)
    tries = max(1.0, sum(moved) / len(MOVES))
    best: LeftOut | None = None
    for at in np.flatnonzero(high > low).tolist():
        for statistic in stats[low[at] : high[at]]:
            others = np.flatnonzero((new | new[at]) & (np.arange(len(values)) != at))
            beside, chance = _beside(statistic, values[others], units[others])
            chance *= tries
            if chance <= PERHAPS and (best is None or chance < best.chance):
                best = LeftOut(statistic.what, chance, (cells[at], cells[others[beside]]))
    return best


def _met(known: Floats, values: Floats, units: Floats) -> int:
    """Return how many statistics some numbers equal."""
    low = np.searchsorted(known, values - NEAR * units, "left")
    return int((np.searchsorted(known, values + NEAR * units, "right") - low).sum())


def _read(first: Iterable[str], second: Iterable[str]) -> tuple[list[str], NDArray[np.bool_], Floats, Floats]:
    """Return numbers as they are written, which are new, their values and their last digits' units."""
    found: dict[str, bool] = {}
    for is_new, cells in ((True, first), (False, second)):
        for cell in cells:
            if len(found) < MOST and sum(map(str.isdigit, cell.strip().lstrip("-0."))) >= DIGITS:
                found.setdefault(cell.strip(), is_new)
    shown = [(cell, new, value) for cell, new in found.items() if (value := number(cell)) is not None]
    return (
        [cell for cell, _, _ in shown],
        np.array([new for _, new, _ in shown], bool),
        np.array([value for _, _, (value, _) in shown]),
        np.array([unit for _, _, (_, unit) in shown]),
    )


def _beside(statistic: Statistic, values: Floats, units: Floats) -> tuple[int, float]:
    """Return which number is a statistic without one person, and how many are by chance; inf for none."""
    less = statistic.less
    span = float(less[-1] - less[0])
    within = (values >= less[0] - units) & (values <= less[-1] + units)
    within &= np.abs(values - statistic.everyone) > NEAR * units
    if span <= 0 or not within.any():
        return 0, np.inf
    low = np.searchsorted(less, values - NEAR * units, "left")
    high = np.searchsorted(less, values + NEAR * units, "right")
    hits = np.flatnonzero(within & (high > low))
    if not len(hits):
        return 0, np.inf
    covered = np.minimum(1.0, len(less) * units[within] / span)
    return int(hits[0]), float(covered.sum())
