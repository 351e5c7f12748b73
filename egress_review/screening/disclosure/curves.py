"""How long and how wide a table may be before it is measurements instead of results."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure.headers import (
    CURVE,
    RECORDINGS,
    bare,
    count_columns,
    people_columns,
    whole,
)
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.numbers import NUMBER
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

LOGGED = 3  # columns of a curve without names: time, step, value
TURNS = 4  # times its range that a smooth curve goes up and down
BENDS = 0.2  # of its way, by how much all its steps differ from those before; of sorted values as much as it
COLUMNS = 8  # of a curve: what is measured at each step of a training
CODES = 16  # rows of whole numbers that may be tokens
SYMBOLS = 100  # no language's phones, with their stress and length, are more
VECTOR = 16  # columns from which a row of measured numbers is a vector
LOSS = re.compile(r"^(train(ing)?|valid(ation)?|val|dev|test|eval)?(loss|ppl|perplexity|nll)$")
NUMBERED = re.compile(r"[\W_]*\d+$|^\d+$")


def size(table: Table, limits: Limits) -> list[Finding]:
    """Return a finding where a table has more rows than results have."""
    count = len(table.rows)
    numeric = sum(bool(NUMBER.fullmatch(cell.strip())) for row in table.rows for cell in row)
    if count <= limits.table_rows:
        return _features(table, numeric, limits)
    named = any(CURVE.match(bare(h)) or LOSS.match(bare(h)) for h in table.header)
    named = named or _is_smooth(table)
    if ((named and len(table.header) <= COLUMNS) or _is_logged(table)) and count <= limits.curve_points:
        return [
            flag(
                "curve",
                f"A curve of {count:,} points is long enough to hold measurements of one recording.",
                f"Thin it out to {limits.table_rows} points.",
                table.where,
            )
        ]
    if people_columns(table) or (not numeric and _is_lexicon(table)):
        return [
            flag(
                "table_rows",
                f"The table has {count:,} rows; a human has to see that they are groups or words.",
                f"Hand in at most {limits.table_rows} rows.",
                table.where,
            )
        ]
    return [
        block(
            "table_rows",
            f"The table has {count:,} rows and no column that counts people: it looks like one row "
            "per recording or frame.",
            f"Aggregate to at most {limits.table_rows} rows, with a column of people.",
            table.where,
        )
    ]


def _is_smooth(table: Table) -> bool:
    """Return whether columns turn, but hardly ever, over a first one of even steps: no measurements do so."""
    columns = [np.array([_float(cell) for cell in table.column(at)]) for at in range(len(table.header))]
    if len(columns) < 2 or any(np.isnan(column).any() for column in columns):
        return False
    steps = np.diff(columns[0])
    even = bool((steps > 0).all()) and float(np.ptp(steps)) <= 1e-6 * float(np.abs(columns[0]).max())
    return even and all(map(_turns_seldom, columns[1:]))


def _turns_seldom(column: NDArray[np.float64]) -> bool:
    """Return whether numbers go up and down, a few times and in steps like those before.

    Sorted values of people only go up, or do so group by group; and their steps are of any size.
    """
    steps = np.diff(column)
    way, bends = float(np.abs(steps).sum()), float(np.abs(np.diff(steps)).sum())
    turns = bool((steps > 0).any() and (steps < 0).any())
    return turns and way <= TURNS * float(np.ptp(column)) and bends <= BENDS * way


def _is_logged(table: Table) -> bool:
    """Return whether rows without names are a time, a step and a value, as boards of trainings save them."""
    if len(table.header) != LOGGED or not all(NUMBER.fullmatch(name.strip()) for name in table.header):
        return False
    columns = [[_float(cell) for cell in (name, *table.column(n))] for n, name in enumerate(table.header)]
    # Times are large numbers whose copy is rounded: some may be the same.
    return all(
        column[0] < column[-1] and all(one <= other for one, other in pairwise(column))
        for column in columns[:-1]
    )


def _float(cell: str) -> float:
    return float(cell) if NUMBER.fullmatch(cell.strip()) else float("nan")


def _is_lexicon(table: Table) -> bool:
    """Return whether a table says of each of many different words how it is pronounced, in few symbols."""
    words = table.column(0)
    symbols = {cell for row in table.rows for cell in row[1:]}
    few = len(table.header) == 2 or len(symbols) <= SYMBOLS
    return few and len(set(words)) == len(words) and all(map(str.isalpha, words))


def _features(table: Table, numeric: int, limits: Limits) -> list[Finding]:
    if numeric <= limits.matrix_values:
        return _vectors(table) or _codes(table)
    return [
        flag(
            "numbers_many",
            f"The table holds {numeric:,} numbers; a human has to see that they are results.",
            "Hand in fewer, aggregated numbers.",
            table.where,
        )
    ]


def _vectors(table: Table) -> list[Finding]:
    """Return a flag where rows are vectors: embeddings, weights, features whose columns are only numbered."""
    if len(table.header) < VECTOR or not table.rows or people_columns(table):
        return []
    columns = [table.column(n) for n in range(len(table.header))]
    measured = [
        n
        for n, cells in enumerate(columns)
        if all(NUMBER.fullmatch(cell.strip()) for cell in cells) and any("." in cell for cell in cells)
    ]
    signed = sum(any(cell.strip().startswith("-") for cell in columns[n]) for n in measured)
    numbered = len({NUMBERED.sub("", table.header[n]) for n in measured})
    if len(measured) < VECTOR or (2 * signed < len(measured) and numbered > 1):
        return []
    return [
        flag(
            "vectors",
            f"Each row holds {len(measured)} measured numbers, as embeddings, weights or features do.",
            "Hand in what you found by them, not the vectors; they can tell whose voice it is.",
            table.where,
        )
    ]


def _codes(table: Table) -> list[Finding]:
    """Return a flag where rows are whole numbers of a wide range, nothing else, as a codec's tokens are."""
    columns = [[whole(cell) for cell in table.column(n)] for n in range(len(table.header))]
    known = [[value for value in cells if value is not None] for cells in columns]
    if len(table.rows) < CODES or any(len(values) < len(table.rows) for values in known):
        return []
    # A column that only rises, as of years or steps, is what the others are drawn over.
    wide = [v for v in known if 3 * len(set(v)) > len(v) and max(v) - min(v) >= 200 and v != sorted(v)]
    if len(wide) < max(2, len(columns) - 1):
        return []
    return [
        flag(
            "codes",
            f"The table is {len(table.rows)} rows of whole numbers of a wide range, as coded sound is.",
            "Hand in what you found by them; tokens can be played again.",
            table.where,
        )
    ]


def uncounted(table: Table, index: Index) -> list[Finding]:
    """Return a flag where groups are counted, but not in people."""
    counting = count_columns(table)
    people = people_columns(table)
    recordings = [
        n
        for n in counting
        if RECORDINGS.match(bare(table.header[n]))
        and any(whole(cell) is not None for cell in table.column(n))
    ]
    if people or not recordings:
        return []
    for number in recordings:
        for row, cell in enumerate(table.column(number)):
            if (whole(cell) or 0) in index.recordings_of_one_speaker and (whole(cell) or 0) > 1:
                return [
                    flag(
                        "people_unknown",
                        "As many recordings as here are those of one single speaker of the project.",
                        "Add a column that counts the speakers of each group.",
                        table.place(row, number),
                    )
                ]
    return [
        flag(
            "people_unknown",
            "The table counts recordings; how many people stand behind a row can't be seen.",
            "Add a column that counts the speakers of each group.",
            table.where,
        )
    ]
