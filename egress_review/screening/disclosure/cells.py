"""Cells that count few people: written out, left over beside a total, or behind a percentage."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise

from egress_review.screening.disclosure.headers import (
    AGE_BAND,
    COUNT,
    EXCEPT,
    NO_COUNT,
    NOT_PEOPLE,
    NUMBER_SIGNS,
    PEOPLE,
    RECORDINGS,
    SEXES,
    are_shares,
    bare,
    is_suppressed,
    is_total,
    label_columns,
    people_columns,
    total_rows,
    whole,
)
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.numbers import NUMBER
from egress_review.screening.people import People, folded
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, Severity, block, flag

MATRIX = 16  # numbers of a table without labels
APART = " / "  # between the names of groups within groups
FIGURE = frozenset(["ncols", "figsize", "sharex", "sharey", "squeeze"])  # of plots beside each other
ROUNDED = ("1", "2", "5", "25")  # how what counts are rounded to begins
AGGREGATE = (
    "Merge groups until each holds at least {least} people, or suppress the cell together with a second one."
)


def small(table: Table, limits: Limits) -> list[Finding]:
    """Return the cells of counting columns that stand for fewer people than allowed."""
    findings = []
    for at, header in enumerate(table.header):
        name = bare(header)
        people = PEOPLE.match(name)
        if not (people or COUNT.match(name)) or (RECORDINGS.match(name) and people_columns(table)):
            continue
        # A column that also holds fractions is named like a count, as the phone "n" is, but counts nothing.
        if not people and (_is_axis(table, at) or any(map(_is_fraction, table.column(at)))):
            continue
        if header.strip() in NUMBER_SIGNS and _numbers(table, at):
            continue
        if name == "nrows" and FIGURE & {*map(bare, table.header)}:
            continue
        for row, cell in enumerate(table.column(at)):
            value = whole(cell)
            if value is not None and 0 < value < limits.minimum_count:
                findings.append(_small(table.place(row, at), limits, "people" if people else "cases"))
    return findings[:20] or _turned(table, limits)


def adds_up(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return the small cells of a column, whatever its name, that adds up to all people of the data."""
    names = {*label_columns(table), *total_rows(table)} if len(table.header) > 1 else set()
    findings = []
    for at in range(len(table.header)):
        values = [whole(cell) for cell in table.column(at)]
        known = [value for value in values if value is not None]
        # The first row may have been taken for the header.
        above = whole(table.header[at]) or 0
        sums = (sum(known), sum(known) + above)
        # Numbers that only count on, as a vocabulary's, add up to anything.
        counted_on = all(b - a == 1 for a, b in pairwise(known))
        if at in names or len(known) < max(2, len(values)) or people.speaker_count not in sums or counted_on:
            continue
        for row, value in enumerate(known):
            if 0 < value < limits.minimum_count:
                findings.append(_small(table.place(row, at), limits, "people"))
    return findings[:20] or _all_of_them(table, people, limits)


def _all_of_them(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return a flag for small numbers in a table without labels that add up to all people or recordings."""
    values = [whole(cell) for row in table.rows for cell in row]
    known = [value for value in values if value is not None]
    above = sum(whole(cell) or 0 for cell in table.header)
    few = sum(0 < value < limits.minimum_count for value in known)
    if len(known) < max(MATRIX, len(values)) or len(table.header) < 2 or not few:
        return []
    if not {sum(known), sum(known) + above} & {people.speaker_count, people.recording_count}:
        return []
    message = f"The numbers of this table add up to all people or recordings; {few} of them are few."
    return [flag("small_cells", message, AGGREGATE.format(least=limits.minimum_count), table.where)]


def _is_fraction(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.strip())) and whole(cell) is None


def _is_axis(table: Table, at: int) -> bool:
    """Return whether a column is what the others are drawn over: the first, without labels, always rising."""
    values = [whole(cell) for cell in table.column(at)]
    rising = all(a is not None and b is not None and a < b for a, b in pairwise(values))
    return at == 0 and rising and len(values) >= 3 and label_columns(table) == [0]


def _numbers(table: Table, at: int) -> bool:
    """Return whether a column numbers the rows, or its sign begins each: a program's comment."""
    values = [whole(cell) for cell in table.column(at)]
    signs = {row[0].strip() for row in table.rows}
    return values in ([*range(len(values))], [*range(1, len(values) + 1)]) or signs <= NUMBER_SIGNS


def _turned(table: Table, limits: Limits) -> list[Finding]:
    """Return the small cells of rows that count people, in a table with groups as columns."""
    findings = []
    for row, cells in enumerate(table.rows):
        if not cells or not PEOPLE.match(bare(cells[0])) or len(bare(cells[0])) < 2:
            continue
        for at, cell in enumerate(cells[1:], start=1):
            value = whole(cell)
            if value is not None and 0 < value < limits.minimum_count:
                findings.append(_small(table.place(row, at), limits, "people"))
    return findings[:20]


def _small(where: str, limits: Limits, what: str) -> Finding:
    return block(
        "small_cells",
        f"This cell counts fewer than {limits.minimum_count} {what}; so few people can be recognised.",
        AGGREGATE.format(least=limits.minimum_count),
        where,
    )


def crosstab(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return the small cells of a table that is labels and whole numbers only."""
    divided = any({*map(str.strip, table.column(at))} == {"/"} for at in range(1, len(table.header)))
    table = _named_once(_without_units(_without_index(table)), people)
    columns = [n for n in range(1, len(table.header)) if not NO_COUNT.match(bare(table.header[n]))]
    labels = [part.strip() for row in table.rows for part in row[0].split(APART)]
    # Numbers that name the rows are an axis, but beside sexes or groups of the data they are ages.
    axis = any(NUMBER.fullmatch(label) for label in labels if label)
    if len(columns) < 2 or len(table.rows) < 2 or (axis and not _of_people(table, columns, [], people)):
        return []
    values = _to_the_right({(r, c): whole(table.rows[r][c]) for r in range(len(table.rows)) for c in columns})
    known = [value for value in values.values() if value is not None]
    readable = [
        value is not None or not table.rows[r][c].strip() or is_suppressed(table.rows[r][c])
        for (r, c), value in values.items()
    ]
    if not all(readable) or len(known) < 4 or any(value < 0 for value in known):
        return []
    few = [place for place, value in values.items() if value is not None and 0 < value < limits.minimum_count]
    if few:
        found = _few_in_crosstab(table, few, columns, labels, people, limits)
        # Numbers with strokes between, as the sizes of a model's parts have, may be any amounts.
        cases = divided and any("cases" in finding.message for finding in found)
        return [_doubtful(table, len(few), "no people", limits)] if cases else found
    return _zeros(table, values, people)


def _named_once(table: Table, people: People) -> Table:
    """Return a table whose first columns are one, where several of them name groups of the data together.

    A name that is the same as above may be left out.
    """
    counted = (
        n for n in range(len(table.header)) if any(whole(cell) is not None for cell in table.column(n))
    )
    naming = next(counted, 0)
    names = [cell for at in range(naming) for cell in table.column(at)]
    if naming < 2 or not _of_people(table, [], names, people):
        return table
    rows, last = [], [""] * naming
    for row in table.rows:
        last = [cell.strip() or above for cell, above in zip(row, last, strict=False)]
        rows.append((APART.join(last), *row[naming:]))
    return replace(table, header=("", *table.header[naming:]), rows=tuple(rows))


def _to_the_right(values: dict[tuple[int, int], int | None]) -> dict[tuple[int, int], int | None]:
    """Return counts without the sign by which a pyramid of ages draws one of its sides to the left."""
    low = {c for (_, c), value in values.items() if value is not None and value < 0}
    high = {c for (_, c), value in values.items() if value is not None and value > 0}
    left = low - high if high - low else set()
    return {(r, c): -value if value is not None and c in left else value for (r, c), value in values.items()}


def _without_index(table: Table) -> Table:
    """Return a table without the nameless column that numbers its rows, as pandas prints it."""
    if len(table.header) < 3 or table.header[0].strip() or not table.rows:
        return table
    if [whole(cell) for cell in table.column(0)] != list(range(len(table.rows))):
        return table
    return replace(table, header=table.header[1:], rows=tuple(row[1:] for row in table.rows))


def _without_units(table: Table) -> Table:
    """Return a table without columns of one word all the way down: they say of what the numbers are."""
    if len(table.rows) < 2:
        return table
    said = [
        len(set(table.column(at))) > 1 or whole(table.column(at)[0]) is not None
        for at in range(1, len(table.header))
    ]
    kept = [0, *(at for at, tells in enumerate(said, start=1) if tells)]
    if len(kept) == len(table.header):
        return table
    rows = tuple(tuple(row[at] for at in kept) for row in table.rows)
    return replace(table, header=tuple(table.header[at] for at in kept), rows=rows)


def _few_in_crosstab(
    table: Table,
    few: list[tuple[int, int]],
    columns: list[int],
    labels: list[str],
    people: People,
    limits: Limits,
) -> list[Finding]:
    headers = {table.header[n].strip() for n in columns}
    shared = set(labels) & headers
    if len(shared) >= 0.7 * min(len(set(labels)), len(headers)) and len(shared) >= 2:
        what = "sounds or words, not people"
    elif _says_yes(table, columns, people):
        what = "yes and no, not people"
    elif _of_people(table, columns, labels, people):
        findings = [_small(table.place(row, column), limits, "people") for row, column in few[:20]]
        return [replace(finding, check="crosstab") for finding in findings]
    elif len(columns) < len(table.header) - 1 or _of_things(headers) or _of_things(labels):
        # Beside columns that are settings ("layers", "epochs") small whole numbers are settings, too.
        what = "no people"
    else:
        findings = [_small(table.place(row, column), limits, "cases") for row, column in few[:20]]
        return [replace(finding, check="crosstab") for finding in findings]
    return [_doubtful(table, len(few), what, limits)]


def _says_yes(table: Table, columns: list[int], people: People) -> bool:
    """Return whether cells are all nought or one and are not all people of the data, one in each group."""
    told = [whole(row[n]) for row in table.rows for n in columns]
    return set(told) <= {0, 1} and sum(value or 0 for value in told) != people.speaker_count


def _doubtful(table: Table, few: int, what: str, limits: Limits) -> Finding:
    return flag(
        "confusion_matrix",
        f"{few} cells of this table are below {limits.minimum_count}; a human has to see that they count "
        f"{what}.",
        "Give rates instead of counts, or name the columns for what they count.",
        table.where,
    )


def _of_things(names: Collection[str]) -> bool:
    return 2 * sum(bool(NOT_PEOPLE.match(bare(name))) for name in names) >= len(names)


def _of_people(table: Table, columns: list[int], labels: list[str], people: People) -> bool:
    """Return whether a crosstab's labels are those of people: sexes, ages, the data's own categories."""
    names = [*(table.header[n] for n in columns), *labels]
    words = {folded(name) for name in names}
    bands = sum(bool(AGE_BAND.match(name)) and not name.strip().isdigit() for name in names)
    known = any(len(words & set(column.by_word)) >= 2 for column in people.labels)
    sexes = {word for name in names for word in re.split(r"[^\w]+|_", name.casefold())} & SEXES
    return known or len(sexes) >= 2 or bands >= 2


def _zeros(table: Table, values: dict[tuple[int, int], int | None], people: People) -> list[Finding]:
    """Return a flag where a whole group falls into one class: that of each of its people is known then."""
    columns = sorted({column for _, column in values if not is_total(table.header[column])})
    labels = [row[0] for row in table.rows]
    if len(columns) < 2 or not _of_people(table, columns, labels, people):
        return []
    for row in range(len(table.rows)):
        counts = [values[row, column] for column in columns]
        if None not in counts and sum(bool(count) for count in counts) == 1:
            message = "All people of this group are in one class: to know the group is to know the class."
            return [flag("class_disclosure", message, "Merge the group with another.", table.place(row))]
    return []


def leftovers(table: Table, limits: Limits) -> list[Finding]:
    """Return a finding where a total and its parts, or nested groups, differ by few people."""
    findings = []
    totals = total_rows(table)
    naming = label_columns(table)
    for at in people_columns(table):
        if len(totals) != 1:
            continue
        total = whole(table.rows[totals[0]][at])
        parts = {n: whole(row[at]) for n, row in enumerate(table.rows) if n != totals[0]}
        if total is None:
            continue
        nested = [n for n in parts if any(EXCEPT.search(table.rows[n][c]) for c in naming)]
        for n in nested:
            value = parts.pop(n)
            if value is not None and 0 < total - value < limits.minimum_count:
                findings.append(_left(table.place(n, at), limits, "This group and all people"))
        left = (
            None
            if None in parts.values() or not parts
            else total - sum(v for v in parts.values() if v is not None)
        )
        if left is not None and 0 < left < limits.minimum_count:
            findings.append(_left(table.place(totals[0], at), limits, "The total and the groups listed"))
    return findings


def copies(table: Table, limits: Limits) -> list[Finding]:
    """Return a finding where counts are all multiples of one number: each row or person counts so often."""
    for at, header in enumerate(table.header):
        people = bool(PEOPLE.match(bare(header)))
        if not (people or COUNT.match(bare(header)) or RECORDINGS.match(bare(header))):
            continue
        counts = {row: value for row, cell in enumerate(table.column(at)) if (value := whole(cell))}
        factor = math.gcd(*counts.values()) if counts else 1
        sure = (len(set(counts.values())) - 1) * math.log10(max(factor, 1))
        # Counts rounded to fives or tens are all multiples, too.
        if sure < 2 or str(factor).rstrip("0") in ROUNDED:
            continue
        few = [row for row, value in counts.items() if value // factor < limits.minimum_count]
        if few:
            make = block if people or sure >= 3 else flag
            message = (
                f"All counts of this column are multiples of {factor}: if each person or row is counted "
                f"{factor} times, fewer than {limits.minimum_count} stand behind this one."
            )
            fix = "Count different speakers; rows repeated, or several a speaker, are no people."
            return [make("copies", message, fix, table.place(few[0], at))]
    return []


def _left(where: str, limits: Limits, what: str) -> Finding:
    return block(
        "leftover",
        f"{what} differ by fewer than {limits.minimum_count} people: subtraction tells them apart.",
        "Leave the total out, or merge groups so that each difference is large enough.",
        where,
    )


def shares(table: Table, limits: Limits) -> list[Finding]:
    """Return the percentages that, with the number of people beside them, count few people."""
    counting = people_columns(table) or [
        n for n, h in enumerate(table.header) if re.match(r"^(n|nn|total|count)$", bare(h))
    ]
    if len(counting) != 1:
        return []
    findings: list[Finding] = []
    for at, header in enumerate(table.header):
        if are_shares(header, table.column(at)):
            findings += _shares(table, at, counting[0], limits)
    return findings[:20]


def _shares(table: Table, at: int, counting: int, limits: Limits) -> list[Finding]:
    told = [told for cell in table.column(at) if (told := number(cell))]
    percent = any(value > 1 for value, _ in told)
    # A zero at the end is seldom written: beside "0.85" is "0.5" meant to two digits.
    unit = min((unit for _, unit in told), default=1.0)
    implied: list[tuple[int, float, float]] = []
    for row, cells in enumerate(table.rows):
        shown, people = number(cells[at]), whole(cells[counting])
        if shown is None or not people:
            continue
        scale = people / (100 if percent else 1)
        implied.append((row, shown[0] * scale, 0.5 * unit * scale + 1e-9))
    if not implied or not all(math.isclose(c, round(c), abs_tol=w) and w < 0.5 for _, c, w in implied):
        return []
    findings = []
    for row, count, _ in implied:
        whole_count, of = round(count), whole(table.rows[row][counting]) or 0
        if 0 < whole_count < limits.minimum_count or 0 < of - whole_count < limits.minimum_count:
            findings.append(replace(_small(table.place(row, at), limits, "people"), check="shares"))
        elif whole_count in (0, of):
            message = (
                "None or all of this group's people: whoever is known to be in the group is known by this."
            )
            findings.append(
                flag("class_disclosure", message, "Merge the group with another.", table.place(row, at))
            )
    return sorted(findings, key=lambda finding: finding.severity is not Severity.BLOCK)
