"""Means of a group with and without one speaker: the difference is that speaker's value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from egress_review.screening.disclosure import groups
from egress_review.screening.disclosure.shown import number
from egress_review.screening.people import People
from egress_review.screening.tables import Table

DIGITS = 3  # shorter numbers are as likely equal by chance
Cell = tuple[int, int]


def without_one(one: Table, other: Table, cells: Mapping[Cell, Cell], people: People) -> Cell | None:
    """Return a cell of the first table that, with its twin of the second, differs by exactly one speaker.

    Needs a column of the data that is averaged or summed, by its name, and groups that are the data's.
    """
    grouped = groups.find(one, people)
    masks = {group.row: group.mask for group in grouped.groups if group.column is None} if grouped else {}
    for (row, column), twin in cells.items():
        measure = next((c for c in people.numbers if groups.similar(one.header[column], c.name)), None)
        mask = masks.get(row)
        if measure is None or mask is None:
            continue
        shown = [number(one.rows[row][column]), number(other.rows[twin[0]][twin[1]])]
        written = one.rows[row][column].strip().lstrip("-0.").replace(".", "")
        if None in shown or len(written) < DIGITS:
            continue
        with_all, with_less = ((s[0], s[1]) for s in shown if s is not None)
        if _by_one(np.asarray(measure.values), mask, people, with_all, with_less):
            return row, column
    return None


def _by_one(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
    mask: groups.Mask,
    people: People,
    one: tuple[float, float],
    other: tuple[float, float],
) -> bool:
    """Return whether two numbers are a group's mean or sum with and without one of its speakers."""
    chosen = mask & ~np.isnan(values)
    count = np.bincount(people.speakers[chosen]).astype(np.float64)
    total = np.bincount(people.speakers[chosen], weights=values[chosen])
    if not count.sum():
        return False
    with np.errstate(all="ignore"):
        pairs = (
            (total.sum() / count.sum(), (total.sum() - total) / (count.sum() - count)),
            (total.sum(), total.sum() - total),
        )
    for everyone, less in pairs:
        for first, second in ((one, other), (other, one)):
            near = np.abs(less[count > 0] - second[0]) <= 0.51 * second[1]
            if abs(everyone - first[0]) <= 0.51 * first[1] and near.any() and not near.all():
                return True
    return False
