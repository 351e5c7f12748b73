"""Values of one person that stand among results: extremes, outer quantiles, steps of a person each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from egress_review.screening.disclosure.headers import CURVE, EXTREME, bare, people_columns, whole
from egress_review.screening.disclosure.shown import loose, number, shown
from egress_review.screening.limits import Limits
from egress_review.screening.people import Floats, People
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag
from egress_review.screening.wording import at as at_line

PERCENTILE = re.compile(
    r"(?i)^\s*(?:p|q|pct|percentile|quantile)?[\s_]*(\d{1,3}(?:\.\d+)?)\s*(%|th|st|nd|rd)?\s*(?:percentile|quantile)?\s*$"
)
DIGITS = 4  # a shorter number equals an extreme by chance
SURVIVAL = re.compile(r"surviv|kaplan|at_?risk|ecdf|cdf|cumulative|cum_?prob", re.IGNORECASE)
STEPS = 5
# What a text calls an end, as "min=1.99" or "the longest lasts 33.9"; or two numbers that may be a range.
END = re.compile(
    r"(?i)(?:\b(?:min(?:imum|imal)?|max(?:imum|imal)?|longest|shortest|oldest|youngest|highest|lowest|loudest|quietest|peak|best|worst|outliers?)\b"
    r"[^\d\n]{0,24}?(?:float\d\d\()?|(?<![\w.,:/-])(?=\d+(?:[.,]\d+)?\s*(?:to|and|bis|-{1,2}|\u2013)\s*\d))"
    r"(\d+(?:[.,]\d+)?)(?:\s*(?:to|and|bis|-{1,2}|\u2013)\s*(\d+(?:[.,]\d+)?))?(?![\w.,:/-]*\d)"
)
FOREMOST = re.compile(
    r"(?i)\b(?:top|largest|max\w*|biggest|main|dominant)[\W_]*(?:1[\W_]*)?(?:speaker|person|talker|reader|participant)s?"
    r"[\W_]*(?:share|pct|percent\w*|%|fraction|proportion)"
)
# The heads of a summary as R and pandas print it, over a line of numbers.
SUMMARY = re.compile(
    r"(?im)^(?=[^\n]{0,300}(?:\bmin\b|\bp0\b|\b0%))(?=[^\n]{0,300}(?:\bmean\b|\bmedian\b|\bqu\b|\bsd\b|\bp50\b|50%))"
    r"(?=[^\n]{0,300}(?:\bmax\b|\bp100\b|\b100%))[^\n]{8,300}\n[^\n]*\d[^\n]*\s\d[^\n]*\s\d"
)
# "Mean F0 was 148 Hz (SD 41; range 71.3--341.8)": a range of people, not of a setting.
SPAN = re.compile(
    r"(?i)\b(?:mean|average|median|sd|m)\b[^\n]{0,60}\brange[sd]?\b[^\d\n]{0,16}\d+(?:\.\d+)?\s*(?:to|and|-{1,3}|\u2013)\s*\d"
)
SETTING = re.compile(r"^\s*(?:-\s+)?[\"']?([\w%]{2,30})[\"']?\s*[:=]\s*[-+]?\d[\d.,]*\s*$")
MIDDLE = re.compile(r"(?i)mean|average|avg|median|sd|std|q1|q3|iqr|p25|p50|p75")
RANGE = re.compile(r"(?i)min|max|minimum|maximum|mode|range|lowest|highest")
READ = 5_000  # lines
TOLD = 3  # digits of an end that is no chance
FEW = 60  # numbers of which two are the ends of a column by no chance
ROWS = 500  # of a table in which single values are looked for


def check(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return a flag where a table may show one person's value."""
    found = [*_named(table), *_equal(table, people), *_beyond(table, limits), *_ends(table), *_steps(table)]
    return [*_foremost(table), *found][:5]


def _foremost(table: Table) -> list[Finding]:
    """Return a block where a column says that one person makes up most of a group."""
    for at, header in enumerate(table.header):
        values = [value[0] for cell in table.column(at) if (value := number(cell))]
        if FOREMOST.search(header) and values and max(values) > (50 if max(values) > 1 else 0.5):
            message = "One person makes up over half of a group; its figures tell about them."
            return [block("dominance", message, "Leave the group out.", table.place(0, at))]
    return []


def _named(table: Table) -> list[Finding]:
    named = [header for header in table.header if EXTREME.match(header.strip().casefold().replace(" ", "_"))]
    in_rows = [
        row[0]
        for row in table.rows
        if row and EXTREME.match(row[0].strip().casefold().replace(" ", "_")) and any(map(number, row[1:]))
    ]
    # An object that has a least and a greatest value and nothing between is a setting, as a pitch tracker's.
    if table.header == ("", "value") and not any(MIDDLE.search(row[0]) for row in table.rows):
        in_rows = [name for name in in_rows if not RANGE.fullmatch(name.strip())]
    if not named and not in_rows:
        return []
    return [
        flag(
            "extremes",
            f"{(named or in_rows)[0][:60]!r} may be the value of a single person.",
            "Give quantiles that at least the smallest allowed number of people lie beyond.",
            table.where,
        )
    ]


def _equal(table: Table, people: People) -> list[Finding]:
    """Return a flag for the largest or smallest value of a column of the data, whatever it is called here."""
    ends = {float(column.sorted[at]) for column in people.numbers if len(column.sorted) > 1 for at in (0, -1)}
    for row, cells in enumerate(table.rows[:ROWS]):
        for at, cell in enumerate(cells):
            if sum(map(str.isdigit, cell.strip().lstrip("-0."))) < DIGITS:
                continue
            value = number(cell)
            if value and any(abs(end - value[0]) <= 0.5 * value[1] for end in ends):
                message = "This number equals the largest or smallest value of single recordings in the data."
                return [
                    flag(
                        "extremes",
                        message,
                        "Give a quantile that enough people lie beyond.",
                        table.place(row, at),
                    )
                ]
    return []


def in_text(content: str, people: People, where: str = "") -> list[Finding]:
    """Return a flag where a text gives the largest or smallest value of a column of the data."""
    columns = _columns(people)
    named: set[str] = set()
    for match in END.finditer(content):
        named.add(match[1])
        first, other = number(match[1]), number(match[2] or "")
        told = sum(map(str.isdigit, match[1])) >= TOLD and not match[2]
        for low, high in columns:
            both = first and other and _is(low, first) and _is(high, other)
            if both or (told and first and (_is(low, first) or _is(high, first))):
                line = content.count("\n", 0, match.start()) + 1
                message = "This text gives the largest or smallest value of single recordings in the data."
                fix = "Give a quantile that enough people lie beyond."
                return [flag("extremes", message, fix, at_line(where, line))]
    found = _both(named, people, where, digits=1) or _both(loose(content), people, where)
    return found or _told(content, where)


def _told(content: str, where: str) -> list[Finding]:
    """Return a flag where a text names both ends of something among its mean, spread or quartiles."""
    match = SUMMARY.search(content) or SPAN.search(content)
    if not match and not _settings(content):
        return []
    line = content.count("\n", 0, match.start()) + 1 if match else 1
    message = "The smallest and the largest value may be those of a single person."
    return [flag("extremes", message, "Give quantiles that enough people lie beyond.", at_line(where, line))]


def _settings(content: str) -> bool:
    """Return whether lines below one another, a name and a number each, are ends among a mean or median."""
    run: set[str] = set()
    for line in [*content.split("\n")[:READ], ""]:
        match = SETTING.match(line)
        if not match:
            run = set()
            continue
        run.add(match[1].casefold())
        if any(map(EXTREME.match, run)) and any(map(MIDDLE.fullmatch, run)):
            return True
    return False


def in_numbers(cells: Iterable[str], people: People, where: str = "") -> list[Finding]:
    """Return a flag where few numbers hold both ends of a column of the data."""
    return _both(cells, people, where)


def _both(cells: Iterable[str], people: People, where: str, digits: int = TOLD) -> list[Finding]:
    told = {cell for cell in cells if sum(map(str.isdigit, cell.lstrip("-0."))) >= digits}
    values = [value for cell in told if (value := number(cell))] if len(told) <= FEW else []
    for low, high in _columns(people) if len(values) > 1 else ():
        if low != high and any(_is(low, one) for one in values) and any(_is(high, one) for one in values):
            message = "These are the largest and the smallest value of single recordings in the data."
            return [flag("extremes", message, "Give quantiles that enough people lie beyond.", where)]
    return []


def _columns(people: People) -> list[Floats]:
    return [column.sorted[[0, -1]] for column in people.numbers if len(column.sorted) > 1]


def _is(end: float, shown_: tuple[float, float]) -> bool:
    return abs(end - shown_[0]) <= 0.5 * shown_[1]


def _beyond(table: Table, limits: Limits) -> list[Finding]:
    """Return a flag for percentiles beyond which few of the counted people lie."""
    counting = people_columns(table)
    for at, header in enumerate(table.header):
        match = PERCENTILE.match(header)
        if not match or not counting or not re.search(r"[^\d.\s]", header):
            continue
        share = min(float(match[1]), 100.0 - float(match[1])) / 100
        for row, cells in enumerate(table.rows):
            count = whole(cells[counting[0]])
            if count and share and count * share < limits.minimum_count / 2:
                message = "Fewer than half the smallest allowed number of people lie beyond this percentile."
                return [
                    flag(
                        "extremes",
                        message,
                        "Give the quartiles, or percentiles further inside.",
                        table.place(row, at),
                    )
                ]
    return []


def _ends(table: Table) -> list[Finding]:
    """Return a flag for a row of quantiles that is the smallest or the largest value."""
    for at, header in enumerate(table.header):
        if not re.match(r"^(quantiles?|percentiles?|q|p)$", bare(header)):
            continue
        shares = [value[0] if (value := number(cell)) else None for cell in table.column(at)]
        levels = [share for share in shares if share is not None]
        if not all(a < b for a, b in pairwise(levels)) and not all(a > b for a, b in pairwise(levels)):
            # Chances of a test, as they come.
            continue
        top = 100.0 if any(share and share > 1 for share in shares) else 1.0
        ends = [row for row, share in enumerate(shares) if share in (0.0, top)]
        if ends:
            message = "The quantile of 0 or 1 is the value of a single person."
            fix = "Give quantiles that enough people lie beyond."
            return [flag("extremes", message, fix, table.place(ends[0], at))]
    return []


def _steps(table: Table) -> list[Finding]:
    """Return a flag for a step function with a step a person: an empirical distribution, a survival curve."""
    for at, header in enumerate(table.header) if len(table.rows) <= 4 * ROWS else ():
        steps = shown(table.column(at), most=100_000)
        if len(steps) < STEPS or CURVE.match(bare(header)) or len(table.header) < 2:
            continue
        values = [value[0] for cell in table.column(at) if (value := number(cell))]
        distribution = _each_a_step(values, float(steps.units.max()))
        curve = (
            bool(SURVIVAL.search(header))
            and all(a >= b for a, b in pairwise(values))
            and len(values) >= STEPS
        )
        if distribution or curve:
            return [
                flag(
                    "steps",
                    f"The column {header[:60]!r} rises or falls by single cases: each row may be one person.",
                    "Give it at a few fixed points, or smoothed over enough people.",
                    table.place(0, at),
                )
            ]
    return []


def _each_a_step(values: list[float], unit: float) -> bool:
    """Return whether values climb to 1 (or down from it) in even steps of one over their number."""
    count = len(values)
    if count < STEPS or not min(values) >= 0 or not 0.9 < max(values) <= 1.0 + unit:
        return False
    steps = np.abs(np.diff(np.array(values)))
    return bool(np.all(np.abs(steps - 1 / count) <= 2 * unit + 0.2 / count)) and unit < 0.5 / count
