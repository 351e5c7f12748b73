"""Numbers without a group, a row each: perhaps single people's, also as functions, sums, or scaled."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from egress_review.screening.disclosure import likeness, rows
from egress_review.screening.disclosure.headers import bare
from egress_review.screening.disclosure.likeness import Likeness, Transform
from egress_review.screening.disclosure.shown import Shown, number, shown
from egress_review.screening.index import Index
from egress_review.screening.people import Floats, People
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

FEWEST, MOST = 8, 400  # rows of a table that is looked at
EVERYBODY = 20  # rows that are no chance where the data has as many speakers or recordings
DESIGN = 3  # rows to each different value of a column that names groups
DIFFERENT = 0.4  # of the numbers of a column, from which they are no groups
CODED = 100  # cells below one another whose order can be a code
COLUMNS = 3  # columns that are compared with the data
REFERENCES, VALUES = 150, 4_000  # values of the data up to which scales, or shifts, are looked for
DRAWN = 24  # numbers that are tried on each scale
RESIDUAL = re.compile(
    r"^(resid(ual)?s?|blups?|ranef|randomeffects?|conditionalmodes?|deviances?|leverage|cooksd?)$"
)
NUMBERED = re.compile(r"^[^\d]{0,20}(\d{1,6})$")
FUNCTIONS: dict[str, Transform] = {
    "one divided by each": lambda values: 1.0 / values,
    "squared": np.sqrt,
    "as square roots": np.square,
    "cubed": np.cbrt,
    "in frames of 20 ms": lambda values: values / 50.0,
    "in frames of 12.5 ms": lambda values: values / 80.0,
}


def check(table: Table, index: Index) -> list[Finding]:
    """Return a flag for numbers that may each be one person's, a block where they are, however disguised."""
    if not FEWEST <= len(table.rows) <= MOST:
        return []
    people = index.people
    apart = _coded(table) or _distances(table)
    if apart:
        return [flag("lone_numbers", apart, "Name the groups, and count their people.", table.where)]
    columns = list(_columns(table))
    if not columns:
        return []
    for at, cells in columns[:COLUMNS]:
        for numbers, how in _readings(cells):
            what = _of_people(numbers, people)
            if what:
                message = f"The numbers here are {what}{how}: values of single people, not of groups."
                return [block("row_level", message, rows.FIX, table.place(0, at))]
    lone = [at for at, cells in columns if _singular(_values(cells), FEWEST) or _summed(table, cells)]
    everybody = {people.speaker_count, people.recording_count}
    if not lone and len(table.rows) >= EVERYBODY and len(table.rows) in everybody:
        lone = [columns[0][0]]
    if not lone or _over_an_axis(table):
        return []
    message = f"{len(table.rows)} rows hold a number each without a group's name; each may be one person's."
    return [
        flag("lone_numbers", message, "Name the groups, and count their people.", table.place(0, lone[0]))
    ]


def _columns(table: Table) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the columns of numbers that differ from row to row, of a table whose rows have no name."""
    found: list[tuple[int, Sequence[str]]] = []
    for at, header in enumerate(table.header):
        cells = table.column(at)
        # The first row of numbers may have been taken for the header.
        cells = (header, *cells) if number(header) is not None else cells
        values = _values(cells)
        if len(values) < 0.9 * len(cells):
            numbered = [match[1] for cell in cells if (match := NUMBERED.match(cell.strip()))]
            if len(numbered) == len(cells) and len(set(numbered)) == len(cells):
                continue
            if any(cell.strip() for cell in cells):
                return
            continue
        different = len(set(values))
        if DESIGN * different <= len(values) and not RESIDUAL.match(bare(header)) and len(table.header) > 2:
            return
        steps = np.diff(np.array(values))
        if different >= DIFFERENT * len(values) and not (len(set(steps.tolist())) == 1 and steps[0] == 1):
            found.append((at, cells))
    yield from found


def _summed(table: Table, cells: Sequence[str]) -> bool:
    """Return whether numbers of a narrow table only rise, by steps that differ as single values do."""
    steps = np.diff(np.array(_values(cells)))
    rising = len(table.header) <= 2 and bool((steps > 0).all()) and _values(cells)[-1] > 1
    return rising and _singular(steps.tolist(), FEWEST - 1) and float(steps.std()) > 0.1 * float(steps.mean())


def _singular(values: Sequence[float], fewest: int) -> bool:
    """Return whether numbers may be single people's: mostly different, in no order, no smooth curve."""
    if len(values) < fewest or len(set(values)) < DIFFERENT * len(values):
        return False
    steps = np.diff(np.array(values))
    if bool((steps >= 0).all()) or bool((steps <= 0).all()):
        return False
    travelled, spread = float(np.abs(steps).sum()), float(np.ptp(values))
    # In no order neighbours lie a third of the range apart.
    return spread > 0 and travelled > 0.12 * spread * len(steps) and travelled > 2.2 * spread


def _over_an_axis(table: Table) -> bool:
    """Return whether a column is what the others are drawn over: even steps that do not just number rows."""
    for at in range(len(table.header)):
        values = _values(table.column(at))
        steps = {round(step, 9) for step in np.diff(np.array(values)).tolist()}
        if len(values) == len(table.rows) and len(steps) == 1 and not steps & {0.0, 1.0, -1.0}:
            return True
    return False


def _distances(table: Table) -> str:
    """Return a sentence for a square of nameless rows with zeros on its diagonal: distances."""
    cells = [[value[0] if (value := number(cell)) else math.nan for cell in row] for row in table.rows]
    square = np.array(cells)
    if square.shape[0] != square.shape[1] or np.isnan(square).any() or np.diag(square).any():
        return ""
    if not square.any() or not (np.allclose(square, square.T) or np.allclose(square, -square.T)):
        return ""
    return f"{len(square)} by {len(square)} distances of things without a name show each of them."


def _coded(table: Table) -> str:
    """Return a sentence for a column of few signs in ever another order, as a code or a list of sounds is."""
    if len(table.rows) < CODED or len(table.header) > 2:
        return ""
    for at in range(len(table.header)):
        cells = table.column(at)
        kinds = Counter(cells)
        pairs = Counter(pairwise(cells))
        bits = -sum(n * math.log2(n / kinds[one]) for (one, _), n in pairs.items()) / len(cells)
        least = 0.7 if len(kinds) == 2 else 1.5
        if 2 <= len(kinds) <= 60 and bits >= least and list(cells) != sorted(cells):
            return f"{len(cells)} cells hold {len(kinds)} different values; their order can be a code."
    return ""


def _values(cells: Sequence[str]) -> list[float]:
    return [value[0] for cell in cells if (value := number(cell)) is not None]


def _readings(cells: Sequence[str]) -> Iterator[tuple[Shown, str]]:
    numbers = shown(cells)
    if len(numbers) < FEWEST or not numbers.precise:
        return
    values = _values(cells)
    steps = np.diff(np.array(values))
    rising = bool((steps > 0).all())
    if rising and _singular(steps.tolist(), FEWEST - 1):
        unit = float(np.quantile(numbers.units, 0.6, method="higher"))
        places = max(0, round(-math.log10(unit))) if unit > 0 else 0
        # A sum of two rounded numbers is off by both.
        found = shown([f"{step:.{places}f}" for step in steps])
        yield replace(found, units=2 * found.units), ", summed up one by one"
    if _singular(values, FEWEST):
        yield numbers, ""


def _of_people(numbers: Shown, people: People) -> str | None:
    """Return which values of single people numbers are, in which disguise; None for none."""
    references = rows.references(people)
    for reference in references:
        ordered = reference.values
        if len(ordered) < FEWEST or len(np.unique(ordered)) < len(ordered) / 3:
            continue
        tries = math.log10(3 * len(references) * len(FUNCTIONS))
        found = likeness.score(numbers, ordered, FUNCTIONS)
        if _telling(found, tries):
            return f"{reference.what}, {found.reference or 'as they are'}"
        for way, back, trials in (*_shifted(numbers, ordered), *_scaled(numbers, ordered)):
            found = likeness.scored(numbers, ordered, back, way)
            if _telling(found, tries + trials):
                return f"{reference.what}, {way}"
    return None


def _telling(found: Likeness, tries: float) -> bool:
    return found.hits >= FEWEST - 1 and replace(found, log_chance=found.log_chance + tries).telling


def _shifted(numbers: Shown, ordered: Floats) -> Iterator[tuple[str, Transform, float]]:
    """Yield the shift that makes most numbers values of the data, also of their opposites."""
    values = np.unique(ordered)
    if len(values) > VALUES:
        return
    drawn = numbers.values[: max(FEWEST, min(len(numbers), 200_000 // len(values)))]
    unit = float(np.quantile(numbers.units, 0.6, method="higher"))
    for sign in (1.0, -1.0):
        moves = np.rint((drawn[:, None] - sign * values[None, :]).ravel() / unit)
        found, counts = np.unique(moves, return_counts=True)
        shift = float(found[counts.argmax()]) * unit
        if counts.max() >= FEWEST - 2 and counts.max() >= 0.2 * len(drawn):
            yield "shifted", _affine(sign, shift), math.log10(len(found))


def _affine(factor: float, shift: float) -> Transform:
    return lambda shown_: (shown_ - shift) / factor


def _scaled(numbers: Shown, ordered: Floats) -> Iterator[tuple[str, Transform, float]]:
    """Yield the scale and shift that make most numbers values of the data, by trying every pair of values.

    Two numbers far apart are taken for each two values; the others have to follow.
    """
    values = np.unique(ordered)
    if len(values) > REFERENCES:
        return
    order = np.argsort(numbers.values)
    unit = float(np.quantile(numbers.units, 0.6, method="higher"))
    first, last = numbers.values[order[0]], numbers.values[order[-1]]
    one, other = np.triu_indices(len(values), 1)
    one, other = np.r_[one, other], np.r_[other, one]
    factor = (last - first) / (values[other] - values[one])
    shift = first - factor * values[one]
    hits = np.full(len(factor), 2)
    between = numbers.values[order[1:-1]][:: max(1, (len(order) - 2) // DRAWN)][:DRAWN]
    kept = np.arange(len(factor))
    for tried, value in enumerate(between, start=1):
        back = (value - shift[kept]) / factor[kept]
        reach = 1.5 * unit / np.abs(factor[kept])
        same = np.searchsorted(values, back + reach, "right") > np.searchsorted(values, back - reach, "left")
        hits[kept] += same
        # Those that fall behind are given up.
        kept = kept[hits[kept] >= 2 + 0.4 * (tried - 2)]
        if not len(kept):
            return
    best = kept[np.argsort(-hits[kept], kind="stable")[:3]]
    for place in best.tolist():
        # The scale is as exact as the two numbers: they are known to half a unit.
        yield (
            "shifted and scaled",
            _affine(float(factor[place]), float(shift[place])),
            math.log10(len(factor)),
        )
