"""Rows about single recordings or people: by their ids, their columns' names, or their values alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, pairwise

import numpy as np

from egress_review.screening.disclosure import likeness
from egress_review.screening.disclosure.headers import PERSONAL, QUANTILE, SPOKEN, bare
from egress_review.screening.disclosure.likeness import Likeness
from egress_review.screening.disclosure.shown import Shown, loose, number, regular, shown
from egress_review.screening.identifiers import Match
from egress_review.screening.index import Index
from egress_review.screening.people import Floats, People, folded, hashed
from egress_review.screening.tables import Table
from egress_review.screening.transcripts import words
from egress_review.screening.verdict import Finding, block, flag

FIX = "Aggregate over people; a row per recording or speaker may not leave."
# Numbers behind one another, with nothing but blanks and commas between.
RUN = re.compile(r"(?<![\d.])(?:[+-]?\d+(?:\.\d+)?[,;|\s]{1,3}){7,}[+-]?\d+(?:\.\d+)?")
RUNS = 12  # of them that are compared, each by itself
WIDE, WIDER = 3.0, 15.0  # units that numbers spread over, which are all of the data's; in another unit
LINES = 60  # rows of a table that are also read as columns, for one that was turned
DISGUISED = 8  # numbers that must be there before they are looked for in other units or standardised
PROSE = 5  # numbers of a text that must match: there are more to match by chance
FRACTION = re.compile(r"^[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*%?$")
GLUED = re.compile(r"[^\W\d_]\d{0,9}?(\d{1,3}\.\d{2,6})(?![\d.])")
OF_TIME = ("second", "duration", "length", "dur", "time")


def about_one(table: Table, index: Index) -> list[Finding]:
    """Return a finding where each row stands for one recording or speaker."""
    for at, header in enumerate(table.header):
        # What has a fraction is a measurement; "0.3" is not the "03" of an id.
        cells = tuple(cell for cell in table.column(at) if not FRACTION.match(cell.strip()))
        found = index.identifiers.column((header, *cells)) or index.identifiers.column(cells)
        if found:
            match, count = found
            make = flag if match is Match.HASHED else block
            words_ = f"{count} different values of this column are each a {match}: rows about single people."
            check = "disguised_identifiers" if match is Match.HASHED else "row_level"
            return [make(check, words_, FIX, table.place(0, at))]
        finding = _named(table, at, header, cells)
        if finding:
            return [finding]
    return by_values(table, index.people)


def _named(table: Table, at: int, header: str, cells: Sequence[str]) -> Finding | None:
    distinct = {cell.strip() for cell in cells if cell.strip()}
    if PERSONAL.match(bare(header)) and len(distinct) >= 2:
        return block(
            "row_level",
            f"The column {header!r} tells {len(distinct)} recordings or people apart; its rows are "
            "about single people, whatever their labels.",
            FIX,
            table.place(0, at),
        )
    long = [cell for cell in cells if len(words(cell)) >= 3]
    if SPOKEN.match(bare(header)) and len(long) >= 3 and 2 * len(long) >= len(cells):
        return block(
            "row_level",
            f"The column {header!r} holds {len(long)} sentences, one a row: what was said.",
            "Hand in error rates by group instead of utterances.",
            table.place(0, at),
        )
    return None


def by_values(table: Table, people: People) -> list[Finding]:
    """Return a finding where the values are those of single recordings or speakers, whatever their names.

    Rows may be shuffled, turned, renamed, rounded, in other units or standardised, in any selection.
    """
    if not people.recording_count:
        return []
    telling = _telling(table, people)
    if telling:
        return telling
    for at, header in enumerate(table.header):
        cells = [cell for cell in (header, *table.column(at)) if number(cell)]
        whole_ = everyone(cells, people, table.place(0, at))
        if whole_:
            return whole_
    lines = list(_lines(table))
    tests = math.log10(max(1, len(lines)))
    best: tuple[Likeness, str, str] | None = None
    for where, numbers in lines:
        for what, found in _compared(numbers, people):
            corrected = replace(found, log_chance=found.log_chance + tests)
            if corrected.telling and (best is None or corrected.log_chance < best[0].log_chance):
                best = (corrected, what, where)
    if best is None:
        return []
    return [_finding(*best, summary="single recordings" in best[1] and _is_summary(table))]


def _finding(found: Likeness, what: str, where: str, *, summary: bool) -> Finding:
    disguise = f", {found.reference}" if found.reference else ""
    message = (
        f"{found.hits} of {found.of} different numbers here equal {what}{disguise}, to all digits shown: "
        "these are values of single people, not of groups."
    )
    if summary:
        fix = "Round them, and give only quantiles that enough people lie beyond."
        return flag("row_values", message, fix, where)
    return block("row_level", message, FIX, where)


def _is_summary(table: Table) -> bool:
    """Return whether a table names quantiles: those of many recordings are values of single ones."""
    names = [row[0] for row in table.rows if row]
    quantiles = sum(bool(QUANTILE.match(name)) for name in names)
    levels = [value[0] for name in names if (value := number(name))]
    if any(a > b for a, b in pairwise(levels)):
        return False
    across = sum(bool(QUANTILE.match(name)) for name in table.header)
    return (len(names) >= 2 and 2 * quantiles >= len(names)) or (
        across >= 2 and 2 * across >= len(table.header)
    )


def _lines(table: Table) -> Iterator[tuple[str, Shown]]:
    """Yield what may be one measure over recordings: each column, each row of a short table, all cells."""
    for at, header in enumerate(table.header):
        yield table.place(0, at), shown((header, *table.column(at)))
    if len(table.rows) <= LINES and len(table.header) > max(likeness.LEAST, len(table.rows)):
        for at, row in enumerate(table.rows):
            yield table.place(at), shown(row)
    if len(table.header) > 2:
        yield table.where, shown(cell for row in (table.header, *table.rows) for cell in row)


@dataclass(frozen=True)
class Reference:
    """Sorted values to compare with, what they are, and the disguises they are looked for in."""

    what: str
    values: Floats
    transforms: dict[str, likeness.Transform]


@lru_cache(maxsize=4)
def references(people: People) -> tuple[Reference, ...]:
    """Return each column over recordings, and each statistic of it over speakers."""
    found = []
    for column in people.numbers:
        of_time = any(word in folded(column.name) for word in OF_TIME)
        disguises = likeness.transforms(column.sorted, of_time=of_time) if len(column.sorted) else {}
        what = f"values of the column {column.name!r} of single recordings"
        found.append(Reference(what, column.sorted, disguises))
    for name, statistics in people.per_speaker.items():
        for statistic, values in statistics.items():
            if not len(values):
                continue
            ordered = np.sort(values)
            of_speakers = f"the {statistic} of {name!r} of single speakers"
            what = of_speakers if name else "how many recordings single speakers have"
            disguises = {} if statistic == "count" else likeness.transforms(ordered, of_time=False)
            found.append(Reference(what, ordered, disguises))
    return tuple(found)


def _compared(numbers: Shown, people: People) -> Iterator[tuple[str, Likeness]]:
    """Yield how alike numbers are to each reference, corrected for how many there are."""
    if len(numbers) < likeness.LEAST or regular(numbers):
        return
    against = references(people)
    for reference in against:
        # A few numbers prove nothing in a disguise: there are too many disguises to choose from.
        disguises = reference.transforms if len(numbers) >= DISGUISED and numbers.precise else {}
        found = likeness.score(numbers, reference.values, disguises)
        if found is not likeness.NOTHING:
            corrected = found.log_chance + math.log10(len(against))
            yield reference.what, replace(found, log_chance=corrected)


def _telling(table: Table, people: People) -> list[Finding]:
    """Return a finding where cells are those words of the per-recording table that tell recordings apart."""
    for at, header in enumerate(table.header):
        cells = {cell for cell in (header, *table.column(at)) if len(folded(cell)) >= 5}
        for column in people.telling:
            hashes = np.array([hashed(folded(cell)) for cell in cells], dtype=np.uint64)
            place = np.minimum(np.searchsorted(column.hashes, hashes), len(column.hashes) - 1)
            found = int(np.count_nonzero(column.hashes[place] == hashes)) if len(hashes) else 0
            if found >= 3 and 2 * found >= len(cells):
                message = f"{found} values here are those of the column {column.name!r} of single recordings."
                return [block("row_level", message, FIX, table.place(0, at))]
    return []


def in_text(content: str, people: People, where: str = "") -> list[Finding]:
    """Return a finding where the decimal numbers of a text are those of single recordings, in any layout."""
    found = in_numbers((cell.replace(",", ".") for cell in loose(content)), people, where)
    for run in islice(RUN.finditer(content), RUNS) if not found else ():
        listed = re.split(r"[,;|\s]+", run.group())
        found = found or everyone(listed, people, where) or in_numbers(listed, people, where, RUNS)
    # Where columns of one width touch, the digits before a number are another's.
    glued = [match[1] for match in GLUED.finditer(content)] if not found else []
    for digits in (3, 2, 1) if len(glued) >= PROSE else ():
        cells = (cell[-digits - len(cell.partition(".")[2]) - 1 :] for cell in glued)
        found = found or in_numbers(cells, people, where)
    return found


def everyone(cells: Sequence[str], people: People, where: str) -> list[Finding]:
    """Return a block where numbers are, in any order, unit and from any zero, a column's of everybody."""
    told = [value for cell in cells if (value := number(cell))]
    values, units = np.array([one for one, _ in told]), np.array([unit for _, unit in told])
    if len(told) < DISGUISED or len(told) < len(cells):
        return []
    ordered, unit = np.sort(values), float(np.median(units))
    for reference in references(people):
        if len(reference.values) != len(ordered) or not float(reference.values.std()):
            continue
        for known in (reference.values, -reference.values[::-1]):
            fits = _straight(known, ordered) <= 0.6 * unit
            same = np.abs(known - ordered).max() <= 0.6 * unit
            wide = WIDE if same else WIDER
            if (same or fits) and len(set(told)) >= len(told) / 3 and float(ordered.std()) >= wide * unit:
                message = f"{len(told)} numbers here are {reference.what}, of all of them."
                return [block("row_level", message, FIX, where)]
    return []


def _straight(known: Floats, told: Floats) -> float:
    """Return how far numbers are at most from a line of least squares over others; NaN without a line."""
    with np.errstate(all="ignore"):
        about, over = known - known.mean(), told - told.mean()
        return float(np.abs((about @ over) / (about @ about) * about - over).max())


def in_numbers(cells: Iterable[str], people: People, where: str = "", tries: int = 1) -> list[Finding]:
    """Return a finding where numbers in any order are those of single recordings or speakers."""
    numbers = shown(cells, most=2000)
    if len(numbers) < PROSE or not people.recording_count:
        return []
    for what, found in _compared(numbers, people):
        found = replace(found, log_chance=found.log_chance + math.log10(tries))
        if found.telling and found.hits >= PROSE:
            return [_finding(found, what, where, summary=False)]
    return []
