"""Figures side by side that are one person's: their mean, sum or deviation beside how often they speak.

A group of a thousand recordings of one speaker has a mean that looks like any other.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure.shown import number
from egress_review.screening.people import Floats, People
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block

COUNT = "count"
STATISTICS = ("mean", "sum", "median", "std", COUNT)
TELLING = 100  # units of its last digit that a figure has at least; a count of recordings may have fewer
ROWS, FIGURES = 60, 16  # rows or sentences that are compared, and numbers of one
FEWEST = 2  # figures that are one person's, each of another column or statistic
SURE = -3  # the logarithm of how many rows of this kind are one person's by chance
MOVES = np.array([move for move in range(-37, 38) if abs(move) > 1])  # last digits to see what chance does
NEAR = 0.50001  # units of the last digit that a rounded number may be off
Figure = tuple[float, float]  # a number, and the unit of its last digit
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")
FIGURE = re.compile(r"(?<![\w.,:/\-])\d+(?:\.\d+)?(?![\w:/%]|[.,]\d)")


def in_table(table: Table, people: People) -> list[Finding]:
    """Return a block where a row of few rows holds one person's figures."""
    return _found(table.rows, people, table.where) if len(table.rows) <= ROWS else []


def in_text(content: str, people: People, where: str = "") -> list[Finding]:
    """Return a block where a sentence holds one person's figures."""
    said = (FIGURE.findall(sentence) for sentence in SENTENCE.split(content) if len(sentence) <= 400)
    rows = [row for row in said if len(row) >= FEWEST]
    return _found(rows, people, where) if len(rows) <= ROWS else []


def _found(rows: Sequence[Iterable[str]], people: People, where: str) -> list[Finding]:
    """Return a block where the numbers of a row are one person's, and no chance."""
    for row in rows:
        figures = list(dict.fromkeys(value for cell in row if (value := number(cell)) is not None))
        if FEWEST <= len(figures) <= FIGURES and _chance(figures, people) + math.log10(len(rows)) < SURE:
            message = "These figures, side by side, are those of a single person in the data."
            return [block("one_person", message, "Leave the group out, or merge it with others.", where)]
    return []


def _chance(figures: Sequence[Figure], people: People) -> float:
    """Return the logarithm of how many people figures fit by chance as well as whom they fit best.

    Of a column one figure counts: its mean and sum tell each other, once it is known how many there are.
    """
    known = _known(people)
    telling = [figure for figure in figures if figure[0] >= TELLING * figure[1]]
    fitting = [(figure, name, known.people(name, figure)) for figure in telling for name in known.names]
    fitting += [(figure, COUNT, known.people(COUNT, figure)) for figure in figures]
    fitting = [one for one in fitting if len(one[2])]
    fits = Counter((name, who) for _, name, found in fitting for who in set(found.tolist()))
    if max(Counter(who for _, who in fits).values(), default=0) < FEWEST:
        return 0.0
    best: dict[int, dict[str, float]] = {}
    for figure, name, found in fitting:
        met = len(found) / people.speaker_count if name == COUNT else known.met(figure) / people.speaker_count
        gain = -math.log10(min(1.0, max(met, 1 / (len(MOVES) * people.speaker_count))))
        for who in found.tolist():
            told = best.setdefault(who, {})
            told[name] = max(told.get(name, 0.0), gain)
    surest = max(sum(told.values()) for told in best.values() if len(told) >= FEWEST)
    return math.log10(people.speaker_count * math.comb(len(figures), FEWEST)) - surest


@dataclass(frozen=True)
class Known:
    """Statistics of people who have several recordings: of what each is, its values in order, and whose."""

    of: tuple[str, ...]
    ordered: tuple[Floats, ...]
    whose: tuple[NDArray[np.int64], ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What figures are told apart by, without the count of recordings."""
        return tuple(dict.fromkeys(name for name in self.of if name != COUNT))

    def people(self, name: str, figure: Figure) -> NDArray[np.int64]:
        """Return the codes of the people of whom a figure is a statistic of this name."""
        value, unit = figure
        found = [
            whose[slice(*np.searchsorted(ordered, (value - NEAR * unit, value + NEAR * unit)))]
            for of, ordered, whose in zip(self.of, self.ordered, self.whose, strict=True)
            if of == name
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def met(self, figure: Figure) -> float:
        """Return how many statistics a figure equals once it is moved by a few of its last digits."""
        value, unit = figure
        moved = value + MOVES * unit
        met = 0
        for of, ordered in zip(self.of, self.ordered, strict=True):
            if of != COUNT:
                above = np.searchsorted(ordered, moved + NEAR * unit)
                met += int((above - np.searchsorted(ordered, moved - NEAR * unit)).sum())
        return met / len(MOVES)


@lru_cache(maxsize=4)
def _known(people: People) -> Known:
    """Return what is known of people with several recordings: means, sums, medians, deviations, counts."""
    counts = people.recordings_each()
    several = np.flatnonzero(counts >= FEWEST)
    kept: list[tuple[str, Floats]] = []
    for column, found in people.per_speaker.items():
        for statistic in STATISTICS:
            values = found.get(statistic)
            if values is None or len(values) != people.speaker_count or (column and statistic == COUNT):
                continue
            # A deviation and a count are as good as a column of their own.
            kept.append(({"std": f"std {column}", COUNT: COUNT}.get(statistic, column), values[several]))
            if statistic == "std":
                kept.append((kept[-1][0], kept[-1][1] * np.sqrt(1 - 1 / counts[several])))
    orders = [np.argsort(values, kind="stable") for _, values in kept]
    ordered = tuple(values[order] for (_, values), order in zip(kept, orders, strict=True))
    return Known(tuple(name for name, _ in kept), ordered, tuple(several[order] for order in orders))
