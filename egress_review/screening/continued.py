"""Tells files that go on with each other's numbers: each is small as a result, together they are none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from egress_review.screening import series, tables
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.index import Index
from egress_review.screening.kinds import suffix_of
from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, Unscreenable, flag

DELIMITED = frozenset({".csv", ".tsv"})
ARRAYS = frozenset({".npy", ".npz", ".h5", ".hdf5", ".hdf"})
PARTS = re.compile(r"(\d+)")
MOST_ARRAYS = 8  # files of arrays in a submission that nobody has to look at together


def check(handed_in: Sequence[HandedIn], _index: Index, _context: Context, limits: Limits) -> list[Finding]:
    """Return the flags for tables with the same columns, and for many arrays, that make one series."""
    groups: dict[tuple[str, ...], list[Table]] = {}
    for file in sorted(handed_in, key=_in_order):
        table = _table(file, limits)
        if table is not None:
            groups.setdefault(tuple(re.sub(r"\d+", "#", name) for name in table.header), []).append(table)
    found = [finding for parts in groups.values() if len(parts) > 1 for finding in series.across(parts)]
    arrays = sum(suffix_of(file.name) in ARRAYS for file in handed_in)
    if arrays > MOST_ARRAYS:
        message = f"{arrays} files of arrays can be pieces of one; a human has to see what they are together."
        found.append(flag("series", message, series.FIX))
    return found[:20]


def _in_order(file: HandedIn) -> list[tuple[int, str]]:
    """Return what sorts names as people number them: part2 before part10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in PARTS.split(file.name)]


def _table(file: HandedIn, limits: Limits) -> Table | None:
    """Return the table in a delimited file, None where its own process says what is wrong with it."""
    suffix = suffix_of(file.name)
    if suffix not in DELIMITED or len(file.data) > limits.table_bytes:
        return None
    content = file.data.decode("utf-8-sig", "replace")
    try:
        return tables.parse(content, tables.delimiter_of(content, suffix), limits)
    except Unscreenable:
        return None
