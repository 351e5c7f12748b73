"""Counts of people written otherwise: running up, as fractions, in the leaves of a tree."""

from __future__ import annotations

import re
from itertools import pairwise

from egress_review.screening.disclosure import shown
from egress_review.screening.disclosure.headers import (
    COUNT,
    PEOPLE,
    RECORDINGS,
    SHARE,
    bare,
    label_columns,
    whole,
)
from egress_review.screening.limits import Limits
from egress_review.screening.people import People
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag
from egress_review.screening.wording import at

RUNNING = re.compile(
    r"cumulative|cumul|cumsum|^cum|cum$|running|sofar|upto|orless|atmost|atleast|atrisk|remaining"
)
STEPS = 3  # differences of a running count that are counts themselves
FRACTION = re.compile(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*")
LEAF = re.compile(
    r"(?:[(\[,;|]|\\n)\s*(?:n|samples|cases|size|support)\s*[=:]\s*([1-9]\d?)\s*(?=[)\],;|\\\s])"
)
BRANCH = re.compile(r"<=|&lt;=|\u2264|>=|<\s*\d|>\s*\d")
LEAVES = 3
# Of the person who gave most: "share_of_largest_speaker", "recordings of top speaker".
LEADING = re.compile(
    r"(?i)\b(largest|top|top ?1|biggest|main|dominant|most active|heaviest|leading)\s+"
    r"(speakers?|spk|person|participant|subject|talker|contributor|voice)\b"
)
MERGE = "Give it in steps of at least {least} people each."


def check(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return the cells of a table that count few people when subtracted, or above the line of a fraction."""
    return [*_running(table, limits), *_fractions(table, people, limits), *_leading(table)][:20]


def _running(table: Table, limits: Limits) -> list[Finding]:
    findings = []
    for column, header in enumerate(table.header):
        name = bare(header)
        rest = RUNNING.sub("", name)
        if rest == name or not (PEOPLE.match(rest) or COUNT.match(rest)):
            continue
        read = [
            (row, value)
            for row, cell in enumerate(table.column(column))
            if (value := whole(cell)) is not None
        ]
        values = [value for _, value in read]
        if len(values) <= STEPS or values not in (sorted(values), sorted(values, reverse=True)):
            continue
        fix = MERGE.format(least=limits.minimum_count)
        few = [row for row, value in read if 0 < value < limits.minimum_count]
        near = [row for (_, a), (row, b) in pairwise(read) if 0 < abs(b - a) < limits.minimum_count]
        if few:
            message = f"This running count is of fewer than {limits.minimum_count} people or cases."
            findings.append(block("small_cells", message, fix, table.place(few[0], column)))
        elif near:
            message = (
                f"This running count and the one before it differ by fewer than {limits.minimum_count} "
                "people or cases."
            )
            findings.append(block("small_cells", message, fix, table.place(near[0], column)))
    return findings


def _fractions(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return the fractions of all speakers, or of a column named as a share, that are few people."""
    findings = []
    for column, header in enumerate(table.header):
        read = [FRACTION.fullmatch(cell) for cell in table.column(column)]
        if len(read) < 2 or not all(read):
            continue
        parts = [(int(one[1]), int(one[2])) for one in read if one]
        named = (
            SHARE.search(header.replace("_", " ")) or PEOPLE.match(bare(header)) or COUNT.match(bare(header))
        )
        if not named and {of for _, of in parts} != {people.speaker_count}:
            continue
        for row, (part, of) in enumerate(parts):
            if 0 < part < limits.minimum_count or 0 < of - part < limits.minimum_count:
                message = f"This fraction counts fewer than {limits.minimum_count} people or cases."
                fix = MERGE.format(least=limits.minimum_count)
                findings.append(block("small_cells", message, fix, table.place(row, column)))
    return findings


def _leading(table: Table) -> list[Finding]:
    """Return the groups of which a column named after the largest speaker says that one makes over half."""
    counted = [at for at, header in enumerate(table.header) if RECORDINGS.match(bare(header))]
    for column, header in enumerate(table.header):
        if not LEADING.search(header.replace("_", " ")):
            continue
        for row, cells in enumerate(table.rows):
            told = shown.number(cells[column])
            of = max([whole(cells[at]) or 0 for at in counted], default=0)
            if told is None:
                continue
            percent = "%" in cells[column] or (told[0] > 1 and SHARE.search(header.replace("_", " ")))
            part = told[0] / 100 if percent else told[0] / of if told[0] > 1 and of else told[0]
            if 0.5 < part <= 1:
                message = "One person makes up over half of this group; its figures tell about them."
                fix = "Average over speakers first, then over groups; or leave the group out."
                return [block("dominance", message, fix, table.place(row, column))]
    return []


def leaves(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block for a tree whose leaves hold few cases each, a flag for small counts in brackets."""
    lines = content.split("\n")
    few = []
    for number, line in enumerate(lines, start=1):
        match = LEAF.search(f"{line} ")
        if match and int(match[1]) < limits.minimum_count:
            few.append((number, bool(BRANCH.search(" ".join(lines[max(0, number - 2) : number])))))
    if len(few) < LEAVES:
        return []
    make = block if sum(branch for _, branch in few) >= LEAVES else flag
    return [
        make(
            "small_leaves",
            f"{len(few)} lines count fewer than {limits.minimum_count} cases each, as leaves of a tree do.",
            f"Grow the tree with at least {limits.minimum_count} people in each leaf.",
            at(where, few[0][0]),
        )
    ]


def labelled(table: Table) -> str:
    """Return the words of a table that may say how many people its shares are of."""
    naming = label_columns(table)
    return "\n".join([*table.header, *(row[at] for row in table.rows for at in naming)])
