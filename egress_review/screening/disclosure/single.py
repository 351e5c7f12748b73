"""Figures side by side that are of one person, or of two recordings: means, sums, deviations, counts.

A group of a thousand recordings of one speaker has a mean that looks like any other, and so has one of two
recordings that were repeated until they looked like many.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure.shown import SENTENCE, number
from egress_review.screening.people import Floats, People
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block

COUNT = "count"
STATISTICS = ("mean", "sum", "median", "std", COUNT)
TELLING = 100  # units of its last digit that a figure has at least; a count of recordings may have fewer
ROWS, FIGURES = 60, 16  # rows or sentences that are compared, and numbers of one
OFTEN = 0.1  # chance of a number to be as many as somebody has recordings
FEWEST = 2  # figures that are one person's, each of another column or statistic
SURE = -3.0  # the logarithm of how many rows, or tables, of this kind are by chance
PAIRED = 400  # recordings up to which each two of them are looked for
MOVES = np.array([move for move in range(-37, 38) if abs(move) > 1])  # last digits to see what chance does
NEAR = 0.50001  # units of the last digit that a rounded number may be off
Figure = tuple[float, float]  # a number, and the unit of its last digit
FIGURE = re.compile(r"(?<![\w.,:/\-])\d+(?:\.\d+)?(?![\w:/%]|[.,]\d)")
FIX = "Leave the group out, or merge it with others."


def in_table(table: Table, people: People) -> list[Finding]:
    """Return a block where a row of few rows holds one person's figures, or rows those of two recordings."""
    rows = _figures(table.rows) if len(table.rows) <= ROWS else []
    return _of_one(rows, people, table.where) or _of_two(rows, people, table.where)


def in_text(content: str, people: People, where: str = "") -> list[Finding]:
    """Return a block where a sentence holds one person's figures."""
    said = (FIGURE.findall(sentence) for sentence in SENTENCE.split(content) if len(sentence) <= 400)
    rows = _figures(said)
    return _of_one(rows, people, where) if len(rows) <= ROWS else []


def _figures(rows: Iterable[Iterable[str]]) -> list[list[Figure]]:
    """Return the different numbers of each row that has a few of them."""
    found = [
        list(dict.fromkeys(value for cell in row if (value := number(cell)) is not None)) for row in rows
    ]
    return [row for row in found if FEWEST <= len(row) <= FIGURES]


def _of_one(rows: Sequence[Sequence[Figure]], people: People, where: str) -> list[Finding]:
    known = _of_people(people) if rows else None
    if known is None or not any(known.chance(row) + math.log10(len(rows)) < SURE for row in rows):
        return []
    message = "These figures, side by side, are those of a single person in the data."
    return [block("one_person", message, FIX, where)]


def _of_two(rows: Sequence[Sequence[Figure]], people: People, where: str) -> list[Finding]:
    """Return a block where several rows are each of two recordings: one row may be by chance."""
    if len(rows) < FEWEST or people.recording_count > PAIRED:
        return []
    chances = sorted(_of_pairs(people).chance(row) for row in rows)
    told = [chance for chance in chances if chance < 0]
    ways = math.log10(math.comb(len(rows), len(told)))
    if len(told) < FEWEST or sum(told) + ways + math.log10(len(rows)) >= SURE:
        return []
    message = f"{len(told)} rows here hold figures of two recordings each, however many they are said to be."
    return [block("few_people", message, FIX, where)]


@dataclass(frozen=True)
class Known:
    """Statistics of many: of what each is, its values in order, and whose, as numbers under `size`."""

    size: int
    of: tuple[str, ...]
    ordered: tuple[Floats, ...]
    whose: tuple[NDArray[np.int64], ...]

    @classmethod
    def from_rows(cls, size: int, rows: Sequence[tuple[str, Floats]], whose: NDArray[np.int64]) -> Known:
        """Return what is known of those that `whose` numbers, a value of each for each statistic."""
        orders = [np.argsort(values, kind="stable") for _, values in rows]
        ordered = tuple(values[order] for (_, values), order in zip(rows, orders, strict=True))
        return cls(size, tuple(name for name, _ in rows), ordered, tuple(whose[order] for order in orders))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What figures are told apart by."""
        return tuple(dict.fromkeys(self.of))

    def chance(self, figures: Sequence[Figure]) -> float:
        """Return the logarithm of how many of all fit figures by chance as well as the one they fit best.

        Of a column one figure counts: its mean and sum tell each other, once it is known how many there are.
        """
        fits = {
            (name, figure): found
            for name in self.names
            for figure in figures
            if (name == COUNT or figure[0] >= TELLING * figure[1]) and len(found := self._met(name, figure))
        }
        if len({name for name, _ in fits}) < FEWEST:
            return 0.0
        told = np.zeros((len(self.names), self.size))
        for (name, figure), found in fits.items():
            # That a small number is a count of somebody's recordings is soon met.
            met = OFTEN if name == COUNT else self._expected(figure) / self.size
            gain = -math.log10(min(1.0, max(met, 1 / (len(MOVES) * self.size))))
            row = told[self.names.index(name)]
            row[found] = np.maximum(row[found], gain)
        fitting = (told > 0).sum(axis=0) >= FEWEST
        surest = float(np.where(fitting, told.sum(axis=0), 0.0).max(initial=0.0))
        return math.log10(self.size * math.comb(len(figures), FEWEST)) - surest

    def _met(self, name: str, figure: Figure) -> NDArray[np.int64]:
        """Return those of whom a figure is a statistic of this name."""
        value, unit = figure
        found = [
            whose[slice(*np.searchsorted(ordered, (value - NEAR * unit, value + NEAR * unit)))]
            for of, ordered, whose in zip(self.of, self.ordered, self.whose, strict=True)
            if of == name
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _expected(self, figure: Figure) -> float:
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
def _of_people(people: People) -> Known:
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
    return Known.from_rows(people.speaker_count, kept, several)


@lru_cache(maxsize=4)
def _of_pairs(people: People) -> Known:
    """Return the means and sums of each two recordings."""
    one, other = np.triu_indices(people.recording_count, 1)
    sums = [
        (column.name, np.asarray(column.values)[one] + np.asarray(column.values)[other])
        for column in people.numbers
        if not np.isnan(column.values).any()
    ]
    kept = [(name, values) for name, both in sums for values in (both / 2, both)]
    return Known.from_rows(len(one), kept, np.arange(len(one)))
