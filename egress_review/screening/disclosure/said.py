"""What sentences say of few people: counts, one person's value, totals and numbers of people for a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from egress_review.screening.disclosure.headers import MEASURE, SHARE, is_suppressed, people_columns, whole
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag
from egress_review.screening.wording import at

WHO = (
    r"(?:speakers?|people|persons?|participants?|subjects?|talkers?|patients?|women|men|girls|boys|children)"
)
NUMERALS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
COUNTED = re.compile(
    rf"(?<![\w.,\-])(?P<n>\d{{1,6}}|{'|'.join(NUMERALS)})\s+(?:[a-z]+\s+){{0,2}}?{WHO}\b", re.IGNORECASE
)
# Of one person only: "the oldest participant is 93", "the highest voice has 259.5 Hz".
SUPERLATIVE = re.compile(
    r"\b(?:oldest|youngest|highest|lowest|longest|shortest|slowest|fastest|loudest|tallest)\b[^.\n]{0,30}?"
    r"\b(?:speaker|person|participant|subject|talker|patient|voice|woman|man|girl|boy|child|recording|utterance)\b"
    r"(?=[^\n]{0,60}?\d)",
    re.IGNORECASE,
)
SENTENCES = 3  # that count few people each and are a table in words
WORD = re.compile(r"\w+")
FIGURE = re.compile(r"[^\W\d]{0,8}\d+")  # a number, or one with a few letters before it
FIGURES = 0.8  # of a text's words that are numbers, where it is nothing else
TOTALS = 6  # numbers of people in a text that shares may be of


def in_text(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block for a table of small counts in words, a flag for a single one or for one's value."""
    few = [(line, count) for line, count in counts(content) if 0 < count < limits.minimum_count]
    findings = []
    if few:
        make = block if len({line for line, _ in few}) >= SENTENCES else flag
        message = f"{len(few)} times the text counts fewer than {limits.minimum_count} people."
        fix = f"Merge groups until each holds at least {limits.minimum_count} people."
        findings.append(make("small_counts", message, fix, at(where, few[0][0])))
    one = SUPERLATIVE.search(content)
    if one:
        line = content.count("\n", 0, one.start()) + 1
        message = "This sentence may give the value of a single person."
        findings.append(
            flag("extremes", message, "Give a quantile that enough people lie beyond.", at(where, line))
        )
    return findings + mostly_numbers(content, limits, where)


def mostly_numbers(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a flag for a text of hardly anything but numbers, whatever stands between them."""
    words = WORD.findall(content)
    figures = sum(bool(FIGURE.fullmatch(word)) for word in words)
    if figures <= limits.table_rows or figures < FIGURES * len(words):
        return []
    message = f"The text is little but {figures:,} numbers, which can be a recording or codes of one."
    return [flag("numbers_many", message, "Hand in aggregated numbers, or a plot.", where)]


def counts(content: str) -> Iterator[tuple[int, int]]:
    """Yield the numbers of people that a text says, with their 1-based lines."""
    for number_, line in enumerate(content.split("\n"), start=1):
        for match in COUNTED.finditer(line):
            said = match["n"].casefold()
            yield number_, NUMERALS.get(said) or int(said) if said in NUMERALS or said.isdigit() else 0


def with_totals(table: Table, content: str) -> Table | None:
    """Return a table with the totals that the text around it states for its columns, None without any.

    Only columns with a suppressed cell are looked for, by their header: "in all 206 women".
    """
    wanted = [n for n in range(1, len(table.header)) if any(map(is_suppressed, table.column(n)))]
    totals = {}
    for column in wanted:
        header = table.header[column].strip()
        if len(header) < 3 or header.isdigit():
            continue
        known = sum(whole(cell) or 0 for cell in table.column(column))
        found = re.findall(rf"(?<![\w.,])(\d{{1,6}})\s+{re.escape(header)}\b", content, re.IGNORECASE)
        larger = [int(value) for value in found if int(value) > known > 0]
        if larger:
            totals[column] = str(min(larger))
    if not totals:
        return None
    row = ("total", *(totals.get(n, "") for n in range(1, len(table.header))))
    return replace(table, rows=(*table.rows, row))


def shares(table: Table, content: str, limits: Limits) -> list[Finding]:
    """Return a block where percentages are, of a number of people that the text states, few people each."""
    if people_columns(table):
        return []
    columns = [
        n
        for n, header in enumerate(table.header)
        if SHARE.search(header.replace("_", " ")) and not MEASURE.search(header)
    ]
    totals = list(dict.fromkeys(count for _, count in counts(content) if count > 1))[:TOTALS]
    for column in columns:
        cells = [shown for cell in table.column(column) if (shown := number(cell))]
        percent = any(value > 1 for value, _ in cells)
        for total in totals:
            few = _few([(value, unit) for value, unit in cells], total / (100 if percent else 1), limits)
            if few:
                message = (
                    f"Of the {total} people that the text speaks of, {few} of these shares are fewer than "
                    f"{limits.minimum_count}."
                )
                fix = "Merge groups, or leave the number of people out."
                return [block("shares", message, fix, table.where)]
    return []


def _few(cells: list[tuple[float, float]], scale: float, limits: Limits) -> int:
    """Return how many shares are few people, 0 where not all of them are whole numbers of people."""
    people = [(value * scale, 0.5 * unit * scale + 1e-9) for value, unit in cells]
    if len(people) < 2 or any(spread >= 0.25 or abs(n - round(n)) > spread for n, spread in people):
        return 0
    return sum(0 < round(n) < limits.minimum_count for n, _ in people)
