"""Suppressed cells that can be worked out again: the totals are equations, the cells their unknowns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from egress_review.screening.disclosure.headers import (
    COUNT,
    PEOPLE,
    SHARE,
    are_shares,
    bare,
    is_suppressed,
    is_total,
    label_columns,
    whole,
)
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.people import folded
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

LARGEST = 40  # unknowns and equations that are solved; larger tables are bounded only
ROUNDS = 30
NAME = 2  # letters of a column's name that stands in another's
KNOWN_SHARES, NEAR = 2, 0.500001  # counts with a share that tell the whole; units that a share may be off
NARROW = 2  # a range of so few values is as good as the value
STAND_INS = frozenset(
    {"-1", "-8", "-9", "-88", "-99", "-999"}
)  # what programs write for a count that is held back
BELOW = re.compile(r"^[\[(]?n?\s*(?:<|under|below|fewer than|less than)\s*(=?)\s*(\d+)[\])]?$", re.IGNORECASE)


@dataclass(frozen=True)
class Equation:
    """Cells that add up to a number: the unknown ones by their place, and what they sum to."""

    cells: tuple[tuple[int, int], ...]
    total: int


def check(table: Table, limits: Limits) -> list[Finding]:
    """Return the suppressed cells of a table that follow from its totals, exactly or nearly."""
    undone = [finding for one in (table, *_crossed(table)) for finding in _undone_in(one, limits)]
    return (undone or _by_shares(table, limits))[:20]


def _by_shares(table: Table, limits: Limits) -> list[Finding]:
    """Return the counts that are held back and follow from their shares, as others tell of how many."""
    columns = range(len(table.header))
    counting = [n for n in columns if _counts(table.header[n]) and any(map(is_suppressed, table.column(n)))]
    shared = [n for n in columns if are_shares(table.header[n], table.column(n))]
    for at, by in product(counting, shared):
        told = [(whole(row[at]), number(row[by]), n) for n, row in enumerate(table.rows)]
        known = [(count, share) for count, share, _ in told if count and share and share[0] > share[1]]
        if len(known) < KNOWN_SHARES:
            continue
        least = max(count / (share + NEAR * unit) for count, (share, unit) in known)
        most = min(count / (share - NEAR * unit) for count, (share, unit) in known)
        for count, share, row in told:
            if count is None and share and is_suppressed(table.rows[row][at]) and least <= most:
                low, high = (share[0] - NEAR * share[1]) * least, (share[0] + NEAR * share[1]) * most
                values = range(max(1, math.ceil(low)), math.floor(high) + 1)
                if values and values[-1] < limits.minimum_count and len(values) <= NARROW:
                    message = (
                        "A count that was held back follows from its share and the shares of the others."
                    )
                    fix = "Hold the share back as well."
                    return [block("suppression", message, fix, table.place(row, at))]
    return []


def _crossed(table: Table) -> list[Table]:
    """Return the crosstab that a table of two labels and a count a row is."""
    labels = label_columns(table)
    counted = [n for n, header in enumerate(table.header) if n not in labels and _counts(header)]
    if len(labels) != 2 or len(counted) != 1 or len(table.rows) > LARGEST * LARGEST:
        return []
    down, across = labels
    cells = {(row[down], row[across]): row[counted[0]] for row in table.rows}
    names = list(dict.fromkeys(name for _, name in cells))
    sides = list(dict.fromkeys(name for name, _ in cells))
    if len(cells) != len(table.rows) or len(cells) != len(names) * len(sides):
        return []
    rows = tuple((side, *(cells[side, name] for name in names)) for side in sides)
    return [Table((table.header[down], *names), rows, table.where)]


def _counts(header: str) -> bool:
    return bool(COUNT.match(bare(header)) or PEOPLE.match(bare(header)))


def _undone_in(table: Table, limits: Limits) -> list[Finding]:
    hidden = _hidden(table)
    if not hidden:
        return []
    shared = [table.place(*cell) for cell in hidden if _by_share(table, *cell)]
    if shared:
        return [_undone(place, limits) for place in shared[:20]]
    equations = list(_equations(table, hidden))
    if not equations:
        return []
    bounds = _bounded({cell: _before(table, cell) for cell in hidden}, equations)
    solved = _solved(sorted({cell for equation in equations for cell in equation.cells}), equations)
    findings = []
    for row, column in hidden:
        low, high = bounds[row, column]
        place = table.place(row, column)
        if not table.rows[row][column].strip():
            # An empty cell can be nothing at all: only a small count that follows from the totals is undone.
            if low == high and 0 < low < limits.minimum_count:
                findings.append(_undone(place, limits))
        elif (row, column) in solved or low == high:
            findings.append(_undone(place, limits))
        elif high - low < NARROW and (low, high) != _before(table, (row, column)):
            findings.append(_nearly(place, limits))
    return findings


def _by_share(table: Table, row: int, column: int) -> bool:
    """Return whether a cell's share stands beside it, and in the same row what it is a share of."""
    name = folded(table.header[column])
    shares = [
        shown
        for at, header in enumerate(table.header)
        if at != column
        and len(name) >= NAME
        and name in folded(header)
        and SHARE.search(header.replace("_", " "))
        if (shown := number(table.rows[row][at]))
    ]
    totals = [
        value
        for at, header in enumerate(table.header)
        if at != column and (is_total(header) or COUNT.match(bare(header)) or PEOPLE.match(bare(header)))
        if (value := whole(table.rows[row][at]))
    ]
    return any(share * total > 0 and unit * total < 100 for share, unit in shares for total in totals)


def _hidden(table: Table) -> list[tuple[int, int]]:
    names = set(label_columns(table))
    # A column of words may hold dashes, too; only numbers are suppressed.
    counted = [
        n
        for n in range(len(table.header))
        if (n not in names or _mostly_numbers(table, n))
        and any(whole(cell) is not None for cell in table.column(n))
    ]
    stand_ins = _stand_ins(table)
    return [
        (r, c)
        for r, row in enumerate(table.rows)
        for c in counted
        if c > 0 and (is_suppressed(row[c]) or not row[c].strip() or row[c] in stand_ins)
    ]


def _stand_ins(table: Table) -> set[str]:
    """Return the one negative count that all held back cells of a table may be written as."""
    below = {cell for row in table.rows for cell in row if (value := whole(cell)) is not None and value < 0}
    return below if len(below) == 1 and below <= STAND_INS else set()


def _mostly_numbers(table: Table, column: int) -> bool:
    return all(
        whole(cell) is not None or is_suppressed(cell) or not cell.strip() for cell in table.column(column)
    )


def _before(table: Table, cell: tuple[int, int]) -> tuple[int, int]:
    """Return what the suppression itself says of a cell: from nothing (or one) to its bound."""
    match = BELOW.match(table.rows[cell[0]][cell[1]].strip())
    if match is None:
        return 0, 10**9
    return 0, int(match[2]) - (not match[1])


def _equations(table: Table, hidden: list[tuple[int, int]]) -> Iterator[Equation]:
    """Yield the sums that totals state; an unnamed last row or column counts where known sums agree."""
    unknown = set(hidden)
    numeric = [n for n in range(1, len(table.header)) if any(whole(c) is not None for c in table.column(n))]
    rows = list(range(len(table.rows)))
    total_columns = [n for n in numeric if is_total(table.header[n])] or _unnamed(table, numeric, across=True)
    total_rows = [n for n in rows if any(is_total(table.rows[n][c]) for c in label_columns(table))]
    total_rows = total_rows or _unnamed(table, numeric, across=False)
    for total in total_columns:
        parts = [n for n in numeric if n not in total_columns]
        for row in rows:
            yield from _equation(table, (row, total), [(row, n) for n in parts], unknown)
    for total in total_rows:
        parts = [n for n in rows if n not in total_rows]
        for column in numeric:
            yield from _equation(table, (total, column), [(n, column) for n in parts], unknown)


def _unnamed(table: Table, numeric: list[int], *, across: bool) -> list[int]:
    """Return the last column or row where it is the sum of the others wherever that can be seen."""
    if across:
        lines = [[whole(row[n]) for n in numeric] for row in table.rows]
    else:
        lines = [[whole(cell) for cell in table.column(n)] for n in numeric]
    known = [
        [value for value in line if value is not None]
        for line in lines
        if None not in line and len(line) >= 3
    ]
    if len(known) >= 1 and all(sum(line[:-1]) == line[-1] > 0 for line in known):
        return [numeric[-1]] if across else [len(table.rows) - 1]
    return []


def _equation(
    table: Table, total: tuple[int, int], parts: list[tuple[int, int]], unknown: set[tuple[int, int]]
) -> Iterator[Equation]:
    value = whole(table.rows[total[0]][total[1]])
    cells = tuple(part for part in parts if part in unknown)
    known = [whole(table.rows[r][c]) for r, c in parts if (r, c) not in unknown]
    left = (value or 0) - sum(n for n in known if n is not None)
    # What is left below nought is no count: these are differences.
    if value is not None and cells and None not in known and len(parts) >= 2 and left >= 0:
        yield Equation(cells, left)


def _bounded(
    bounds: dict[tuple[int, int], tuple[int, int]], equations: list[Equation]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return how far the equations narrow each cell down, one after the other until nothing moves."""
    for _ in range(ROUNDS):
        moved = False
        for equation in equations:
            lows = sum(bounds[cell][0] for cell in equation.cells)
            highs = sum(bounds[cell][1] for cell in equation.cells)
            if not lows <= equation.total <= highs:
                continue  # Not a sum after all: rounded numbers, or cells that overlap.
            for cell in equation.cells:
                low, high = bounds[cell]
                new = (max(low, equation.total - (highs - high)), min(high, equation.total - (lows - low)))
                if new != (low, high) and new[0] <= new[1]:
                    bounds[cell] = new
                    lows, highs, moved = lows + new[0] - low, highs + new[1] - high, True
        if not moved:
            break
    return bounds


def _solved(cells: list[tuple[int, int]], equations: list[Equation]) -> set[tuple[int, int]]:
    """Return the cells that the equations fix, by linear algebra."""
    if not cells or len(cells) > LARGEST or len(equations) > 2 * LARGEST:
        return set()
    matrix = np.array([[float(cell in equation.cells) for cell in cells] for equation in equations])
    *_, singular, basis = np.linalg.svd(matrix)
    rank = int(np.count_nonzero(singular > 1e-9))
    free = basis[rank:]
    return {cell for n, cell in enumerate(cells) if not len(free) or bool(np.all(np.abs(free[:, n]) < 1e-9))}


def _undone(where: str, limits: Limits) -> Finding:
    return block(
        "suppression",
        "This cell is suppressed, but its value follows from the totals and the other cells.",
        f"Suppress a second cell of the row and the column, or round all counts to {limits.minimum_count}.",
        where,
    )


def _nearly(where: str, limits: Limits) -> Finding:
    return flag(
        "suppression",
        "This cell is suppressed, but the totals leave it only two possible values.",
        f"Suppress further cells, or round all counts to {limits.minimum_count}.",
        where,
    )
