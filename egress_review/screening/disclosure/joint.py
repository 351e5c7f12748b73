"""Whole rows against whole recordings: columns that prove nothing alone can point at one together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure import likeness
from egress_review.screening.disclosure.groups import similar
from egress_review.screening.disclosure.headers import label_columns
from egress_review.screening.disclosure.shown import number
from egress_review.screening.people import Labels, Numbers, People, folded
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

ROWS = 200
COMMON = 0.8  # of a column's cells must occur in the data before it counts as that column
PRIOR = 5.0
FIX = "Aggregate over people; a row per recording or speaker may not leave."
MOVES = (-5, -3, -2, 2, 3, 5)  # last digits; further away the data may be thinner
LEAST_LISTED, LISTED = 5, 20  # values without groups that may be, and are, a list of recordings
PERHAPS = 5e-3  # the chance below which a human has to see whether rows are those of the data
FEW = 3  # recordings that a row may fit before it points at none


@dataclass(frozen=True)
class Measured:
    """A table's column taken for one of the data, `alike` by name: per row the values it may have been."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    unit: NDArray[np.float64]
    column: Numbers
    alike: bool = False

    def rows(self, step: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where each row's values begin and end in the sorted column, moved by some last digits.

        Both have shape (rows,); `step` counts units of each value's last digit.
        """
        low, high = self.low + step * self.unit, self.high + step * self.unit
        ordered = self.column.sorted
        return np.searchsorted(ordered, low, "left"), np.searchsorted(ordered, high, "right")


@dataclass(frozen=True)
class Named:
    """A table's column taken for a column of categories: per row the code, -1 where it has none."""

    codes: NDArray[np.int64]
    column: Labels


def by_rows(table: Table, people: People) -> list[Finding]:
    """Return a finding where rows fit single recordings in several columns, or list categories row by row."""
    if not people.recording_count or len(table.rows) < likeness.LEAST:
        return []
    rows = table.rows[:: max(1, len(table.rows) // ROWS)][:ROWS]
    measured = _best(
        [found for n in range(len(table.header)) if (found := _measured(table, rows, n, people))]
    )
    named = [label for n in range(len(table.header)) if (label := _named(rows, n, people))]
    if measured and len(measured) + len(named) >= 2:
        fits = _fits(measured, named, 0.0, people.speakers)
        hits = int(np.count_nonzero(fits))
        if hits >= likeness.LEAST:
            moved = sum(
                int(np.count_nonzero(_fits(measured, named, step, people.speakers))) for step in MOVES
            )
            chance = (moved + PRIOR * 0.02) / (len(rows) * len(MOVES) + PRIOR)
            chance = max(chance, _expected(measured, named, people.recording_count))
            tail = likeness.log_tail(hits, len(rows), chance) + np.log10(10.0 * len(table.header))
            if hits >= 0.5 * len(rows) and tail < np.log10(PERHAPS):
                sure = tail < np.log10(likeness.UNLIKELY)
                message = (
                    f"{hits} of {len(rows)} rows agree with single recordings in "
                    f"{len(measured) + len(named)} columns at once: they "
                    f"{'are' if sure else 'may be'} rows of the data, whatever their labels."
                )
                return [
                    block("row_level", message, FIX, table.where)
                    if sure
                    else flag("row_listing", message, FIX, table.where)
                ]
    return _listing(table, named) or _column(table, measured, named)


def _best(found: list[Measured]) -> list[Measured]:
    """Return one column of the table for each of the data: two that tell the same prove nothing more."""
    best: dict[str, Measured] = {}
    for column in found:
        known = best.get(column.column.name)
        if known is None or column.unit.mean() < known.unit.mean():
            best[column.column.name] = column
    return list(best.values())


def _expected(measured: list[Measured], named: list[Named], recordings: int) -> float:
    """Return how often a row would fit a recording if the columns had nothing to do with each other."""
    share = np.ones(len(measured[0].low))
    for column in measured:
        start, end = column.rows(0.0)
        share *= (end - start) / recordings
    for label in named:
        sizes = np.bincount(label.column.codes[label.column.codes >= 0], minlength=len(label.column.labels))
        share *= np.where(label.codes >= 0, sizes[label.codes] / recordings, 1.0)
    return float(np.mean(1.0 - np.exp(-share * recordings)))


def _measured(table: Table, rows: tuple[tuple[str, ...], ...], at: int, people: People) -> Measured | None:
    cells = [number(row[at]) for row in rows]
    known = [cell for cell in cells if cell is not None]
    if len(known) < COMMON * len(rows) or len({value for value, _ in known}) < likeness.LEAST:
        return None
    values = np.array([np.nan if cell is None else cell[0] for cell in cells])
    units = np.array([1.0 if cell is None else cell[1] for cell in cells])
    low, high = values - 0.5000001 * units, values + units
    best: tuple[float, Measured] | None = None
    alike = {column.name: similar(table.header[at], column.name) for column in people.numbers}
    for column in people.numbers:
        if not len(column.sorted):
            continue
        share = float(np.mean(likeness.hits(low, high, column.sorted)))
        share += 0.5 * alike[column.name]
        if share >= COMMON and (best is None or share > best[0]):
            best = (share, Measured(low, high, units, column, alike[column.name]))
    return best[1] if best else None


def _named(rows: tuple[tuple[str, ...], ...], at: int, people: People) -> Named | None:
    cells = [folded(row[at]) for row in rows]
    for column in people.labels:
        codes = np.array([column.by_word.get(cell, -1) if cell else -1 for cell in cells])
        if np.count_nonzero(codes >= 0) >= COMMON * len(rows):
            return Named(codes, column)
    return _shortened(cells, people)


def _shortened(cells: list[str], people: People) -> Named | None:
    """Return the column of categories of which a table's are the beginnings: "f" and "m", "nor" and "mid"."""
    told = {cell for cell in cells if cell and not cell.isdigit()}
    for column in people.labels:
        begun = {cell: [word for word in column.by_word if word.startswith(cell)] for cell in told}
        if len(told) > 1 and all(len(words) == 1 for words in begun.values()):
            whole = {cell: column.by_word[words[0]] for cell, words in begun.items()}
            return Named(np.array([whole.get(cell, -1) for cell in cells]), column)
    return None


def _fits(
    measured: list[Measured], named: list[Named], step: float, speakers: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return for each row whether it fits one to a few recordings, or one speaker's, in all columns."""
    ranges = [column.rows(step) for column in measured]
    fits = np.zeros(len(measured[0].low), dtype=bool)
    for row in range(len(fits)):
        widths = [int(end[row] - start[row]) for start, end in ranges]
        narrow = int(np.argmin(widths))
        if widths[narrow] <= 0:
            continue
        start, end = ranges[narrow]
        found = np.asarray(measured[narrow].column.order[start[row] : end[row]])
        for other, column in enumerate(measured):
            if other != narrow and len(found):
                values = column.column.values[found]
                low, high = (
                    column.low[row] + step * column.unit[row],
                    column.high[row] + step * column.unit[row],
                )
                found = found[(values >= low) & (values <= high)]
        for label in named:
            if label.codes[row] >= 0 and len(found):
                found = found[label.column.codes[found] == label.codes[row]]
        fits[row] = len(found) > 0 and (len(found) <= FEW or len(np.unique(speakers[found])) == 1)
    return fits


def _listing(table: Table, named: list[Named]) -> list[Finding]:
    """Return a flag where a table is nothing but categories of the data, the same ones again and again."""
    if len(named) < 2 or len(named) < len(label_columns(table)) or len(table.header) > len(named) + 1:
        return []
    combined = Counter(zip(*(label.codes.tolist() for label in named), strict=True))
    count = len(named[0].codes)
    if len(combined) * 2 > count or count < 8:
        return []
    message = (
        f"{count} rows repeat {len(combined)} combinations of the data's categories, like a row a person."
    )
    return [flag("row_listing", message, "Count each combination instead, in people.", table.where)]


def _column(table: Table, measured: list[Measured], named: list[Named]) -> list[Finding]:
    """Return a finding where a table without groups lists values of a column of the data under its own name.

    To few digits many recordings share each value, and nothing points at one; but a list it is.
    """
    if named or len(table.rows) < LEAST_LISTED or label_columns(table) not in ([], [0]):
        return []
    for found in measured:
        inside = likeness.hits(found.low, found.high, found.column.sorted)
        ordered = np.diff((found.low + found.high) / 2)
        if not found.alike or not inside.all() or np.all(ordered >= 0) or np.all(ordered <= 0):
            continue
        message = (
            f"{len(table.rows)} rows without groups list values that all occur in the data's column "
            f"{found.column.name!r}: they are for single recordings."
        )
        make = block if len(table.rows) >= LISTED else flag
        return [make("row_level" if make is block else "row_listing", message, FIX, table.where)]
    return []
