"""Tells measurements one after the other, per sample, frame or recording, from rows of results.

No recording is compared here: what looks like such a series reaches a human, in whatever numbers and layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure.headers import CURVE, NO_COUNT, bare, people_columns
from egress_review.screening.numbers import NUMBER
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, flag

LEAST_ROWS = 16  # that nothing names; fewer give little away
LEAST_WANDERING = 40  # values of a series: at 10 ms less than half a second
MANY_ROWS = 100  # that are no smooth curve; over `limits.table_rows` they are blocked
STEADY = 0.35  # correlation with the next value from which an order is one
SMOOTH = 0.6  # the same of a curve of many values
TURN = 0.25  # of a series' spread that it must come back for a turn
TURNS, TURNS_A_VALUE = 4, 1 / 60  # speech turns four times a second and more, results along an axis seldom
CLOCK = 0.8  # of a column's steps that are the same: it counts, and may begin anew
NUMERIC, TOLD = (
    0.9,
    0.25,
)  # of a column's cells that say something, and of all, that are numbers: pitch has gaps
# A number with at most a word around it, its decimals perhaps behind a comma.
MEASURE = re.compile(r"([^\d\s+\-.,]{0,3}\s?)([-+]?\d++(?:[.,]\d*+)?+)(\s?[^\d\s]{0,12})")
QUOTE = "'"  # stands before what a spreadsheet could take for a formula
UNTOLD = re.compile(r"(?i)-+|nan|na|n/a|none|null|undefined|--undefined--")
SETTINGS = 2  # columns that name rows by what was set
STEMS = 2  # of labels that only count: cluster1, cluster2
VECTOR = 3  # columns of both signs, whatever names the rows
LEAST_VECTOR, EACH_SIGN = (
    48,
    0.25,
)  # numbers that may be one voice's vector, and of them on each side of nought
NOISY = 4  # columns of noise beside a training step: gradients, batch losses
GOES_ON = 0.7  # of the cuts between files
LARGEST = 1e100  # numbers are cut there, so that their squares are numbers
FIX = (
    "Hand in means over enough speakers, or a plot of them; thin curves out, and name rows by what they are."
)

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Numbers in order: measured columns (rows, columns), and what names the rows.

    `named` by words or factors, or by people whom a column counts; `counted` along an axis, or by labels that
    only count; `curve` where the axis is one of training or frequency by its name. `crossed` where factors
    name them, `joined` where they come out of several files: neighbours then are none.
    """

    measured: Doubles
    named: bool = False
    counted: bool = False
    curve: bool = False
    people: bool = False
    crossed: bool = False
    joined: bool = False


def in_table(table: Table) -> list[Finding]:
    """Return the flag for a table whose rows are measurements one after the other."""
    if len(table.rows) < LEAST_ROWS:
        return []
    return judged(_rows(table), table.where)


def in_array(values: NDArray[np.generic], where: str = "") -> list[Finding]:
    """Return the flag for an array of one or two dimensions that holds such rows, either way round.

    Shape (values,), (rows, columns) or (columns, rows).
    """
    if values.dtype.kind not in "iuf" or not 1 <= values.ndim <= 2 or values.size < LEAST_WANDERING:
        return []
    matrix = values.astype(np.float64).reshape(len(values), -1)
    return in_matrix(matrix, where) or in_matrix(matrix.T, where)


def in_matrix(matrix: Doubles, where: str = "") -> list[Finding]:
    """Return the flag for rows of numbers without names, or for all of them read as one series."""
    if len(matrix) < LEAST_ROWS and matrix.size < LEAST_WANDERING:
        return []
    matrix = np.clip(np.nan_to_num(matrix), -LARGEST, LARGEST)
    rows = named_by_numbers(list(matrix.T), len(matrix))
    found = judged(rows, where)
    line = matrix.ravel()
    if not found and not (rows.counted or rows.crossed) and min(matrix.shape) > 1 and wanders(line):
        return judged(Rows(line[:, None]), where)
    return found


def across(parts: Sequence[Table]) -> list[Finding]:
    """Return the flag for tables with the same columns in several files that are rows together only."""
    whole = Table(parts[0].header, tuple(row for part in parts for row in part.rows))
    rows = _rows(whole)
    ends = np.cumsum([len(part.rows) for part in parts])[:-1]
    going_on = len(ends) > 1 and any(_goes_on(column, ends) for column in rows.measured.T)
    return judged(replace(rows, joined=not going_on), "")


def _goes_on(column: Doubles, ends: NDArray[np.int64]) -> bool:
    """Return whether where a series was cut its values are as near each other as elsewhere."""
    steps = np.abs(np.diff(column))
    usual = np.nanpercentile(steps, 90) if np.isfinite(steps).any() else 0.0
    return bool((steps[ends - 1] <= usual).mean() >= GOES_ON)


def judged(rows: Rows, where: str) -> list[Finding]:
    """Return the flag for rows that are measurements in order, unnamed, or more than results are."""
    count, width = rows.measured.shape
    reason = _reason(rows) if width else ""
    if not reason:
        return []
    message = f"{count * width:,} numbers in {count} rows {reason}; a human has to see what they are."
    return [flag("series", message, FIX, where)]


def _reason(rows: Rows) -> str:
    """Return what rows do that results don't, "" for nothing."""
    count, width = rows.measured.shape
    if not (rows.crossed or rows.joined) and any(wanders(column) for column in rows.measured.T):
        return "rise and fall again and again, as measurements of a recording do"
    if count > MANY_ROWS and not (rows.people or _plain(rows)):
        return "are more than results need, and no smooth curve"
    if width == 1 and not (rows.named or rows.counted or rows.people) and _is_vector(rows.measured[:, 0]):
        return "swing about nought without order or names, as the vector of a voice does"
    if count < LEAST_ROWS:
        return ""
    if width > 1 and not rows.named and _unexplained(rows):
        return "stand in rows that nothing names, as vectors or frames of recordings do"
    low, high = np.nanmin(rows.measured, axis=0), np.nanmax(rows.measured, axis=0)
    if width >= VECTOR and low.max() < 0 < high.min():
        return "are vectors about nought, as those of voices are"
    return ""


def _is_vector(values: Doubles) -> bool:
    """Return whether numbers lie on both sides of nought and don't follow each other."""
    shares = [(values < 0).mean(), (values > 0).mean()]
    return len(values) >= LEAST_VECTOR and min(shares) >= EACH_SIGN and steadiness(values) < STEADY


def _unexplained(rows: Rows) -> bool:
    """Return whether no name and no order explains the columns: an axis they don't follow names nothing."""
    loose = sum(steadiness(column) < STEADY for column in rows.measured.T)
    if not rows.counted:
        return loose > 0
    few = rows.curve and loose <= NOISY and 2 * loose <= rows.measured.shape[1]
    return loose > 1 and 2 * loose >= rows.measured.shape[1] and not few


def _plain(rows: Rows) -> bool:
    """Return whether rows are a smooth curve, or noise beside a step of training."""
    loose = sum(steadiness(column) < SMOOTH for column in rows.measured.T)
    smooth = loose == 0 and (rows.joined or not any(wanders(column) for column in rows.measured.T))
    return smooth or (rows.curve and loose <= NOISY)


def wanders(values: Sequence[float] | Doubles) -> bool:
    """Return whether a series follows itself and yet turns often, as loudness, pitch and samples do.

    Curves of training turn seldom but for noise, frequencies of many speakers fall; noise follows nothing.
    """
    series = np.asarray(values, dtype=np.float64)
    series = series[np.isfinite(series)]
    if len(series) < LEAST_WANDERING or steadiness(series) < max(STEADY, 3 / np.sqrt(len(series))):
        return False
    smooth = np.convolve(series, np.ones(3) / 3, "valid")
    low, high = np.percentile(smooth, [5, 95])
    spread = high - low if high > low else float(np.ptp(smooth))
    return spread > 0 and turns(smooth, TURN * spread) >= max(TURNS, TURNS_A_VALUE * len(series))


def turns(series: Doubles, least: float) -> int:
    """Return how often a series turns round after it went at least so far."""
    count, way = 0, 0
    low = high = float(series[0])
    for value in series.tolist():
        low, high = min(low, value), max(high, value)
        if way >= 0 and high - value >= least:
            count, way, low, high = count + (way > 0), -1, value, value
        elif way <= 0 and value - low >= least:
            count, way, low, high = count + (way < 0), 1, value, value
    return count


def steadiness(series: Doubles) -> float:
    """Return the correlation of a series with its next value; 1 where it never changes."""
    kept = series[np.isfinite(series)]
    if len(kept) < 3:
        return 1.0
    centred = kept - kept.mean()
    power = float((centred**2).mean())
    return float((centred[1:] * centred[:-1]).mean()) / power if power > 0 else 1.0


def _rows(table: Table) -> Rows:
    """Return what a table measures, and what names its rows."""
    people = set(people_columns(table))
    numeric: dict[int, Doubles] = {}
    named, counted = bool(people), False
    for at in range(len(table.header)):
        cells = table.column(at)
        column = _numbers(cells)
        if _is_numeric(cells, column):
            numeric[at] = column
        elif _only_count(cells):
            counted = True
        else:
            named = named or len(set(cells)) > 1
    rows = named_by_numbers([numeric[at] for at in numeric if at not in people], len(table.rows))
    # A setting a column, of few values each, names the rows of a search over settings.
    settings = sum(
        bool(NO_COUNT.match(bare(table.header[at]))) and 2 * len(set(table.column(at))) <= len(table.rows)
        for at in range(len(table.header))
    )
    named = named or settings >= SETTINGS
    curve = any(CURVE.match(bare(table.header[at])) for at in numeric if rises(numeric[at]))
    return replace(
        rows, named=named or rows.named, people=bool(people), counted=counted or rows.counted, curve=curve
    )


def named_by_numbers(columns: Sequence[Doubles], count: int) -> Rows:
    """Return columns of numbers as what they measure, and whether some of them name the rows."""
    varied = [column for column in columns if np.nanmax(column) > np.nanmin(column)]
    summed = [np.diff(column) for column in varied if rises(column)]
    counted = bool(summed)
    kept = [column for column in varied if not rises(column)]
    factors = _factors([column.tolist() for column in kept], count)
    if not factors:
        clocks = [column for column in kept if _is_clock(column)]
        counted = counted or bool(clocks)
        kept = [column for column in kept if not _is_clock(column)]
    # What only rises may be a series summed up.
    kept = kept[factors:] + [np.append(steps, np.nan) for steps in summed if wanders(steps)]
    matrix = np.array(kept).T if kept else np.zeros((count, 0))
    return Rows(matrix, factors > 0, counted, crossed=factors > 0)


def _is_numeric(cells: Sequence[str], column: Doubles) -> bool:
    """Return whether cells are numbers, some perhaps empty."""
    told = sum(bool(cell.strip()) and not UNTOLD.fullmatch(cell.strip()) for cell in cells)
    return bool(np.isfinite(column).sum() >= max(NUMERIC * told, TOLD * len(cells)))


def _number(cell: str) -> float:
    text = cell.strip().lstrip(QUOTE)
    return float(np.clip(float(text), -LARGEST, LARGEST)) if NUMBER.fullmatch(text) else float("nan")


def _numbers(cells: Sequence[str]) -> Doubles:
    """Return cells as numbers, not a number where they are none; a unit that all have is left out."""
    column = np.array([_number(cell) for cell in cells])
    if np.isfinite(column).any():
        return column
    held = [cell for cell in cells if cell.strip()]
    # A decimal comma, a unit, a sign before the number.
    units = {
        (match[1], match[3]) if (match := MEASURE.fullmatch(cell.strip().lstrip(QUOTE))) else None
        for cell in held
    }
    if len(units) != 1 or None in units:
        return column
    told = [MEASURE.fullmatch(cell.strip().lstrip(QUOTE)) for cell in cells]
    return np.array([_number(match[2].replace(",", ".")) if match else float("nan") for match in told])


def _only_count(cells: Sequence[str]) -> bool:
    """Return whether labels are a word or two with a number: they count rows, and name nothing."""
    stems = {re.sub(r"[\d.,:;_\-\s]+", "", cell) for cell in cells}
    return len(stems) <= STEMS and len(set(cells)) > len(cells) // 2


def rises(column: Doubles) -> bool:
    """Return whether numbers only rise or only fall."""
    steps = np.diff(column[np.isfinite(column)])
    return len(steps) > 1 and bool((steps > 0).all() or (steps < 0).all())


def _is_clock(column: Doubles) -> bool:
    """Return whether numbers count in equal steps, now and then from the start again."""
    steps = np.diff(column[np.isfinite(column)])
    usual = float(np.median(steps)) if len(steps) else 0.0
    return bool(usual and (np.abs(steps - usual) <= 1e-6 * abs(usual)).mean() >= CLOCK)


def _factors(columns: Sequence[Sequence[object]], count: int) -> int:
    """Return how many of the first columns cross to name each row once, 0 for none."""
    crossed = 1
    for used, column in enumerate(columns[:-1], start=1):
        levels = len(set(column))
        crossed *= levels
        if crossed > count or 2 * levels > count:
            return 0
        if crossed == count and len(set(zip(*columns[:used], strict=True))) == count:
            return used
    return 0
