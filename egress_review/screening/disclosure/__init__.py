"""Judges a table as a checker does: rows about one person, cells of few people, undone suppressions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure import (
    captions,
    cells,
    crossed,
    curves,
    extremes,
    joint,
    labels,
    left_out,
    lone,
    models,
    plots,
    recount,
    rows,
    running,
    said,
    single,
    suppression,
    unruled,
)
from egress_review.screening.disclosure.headers import without_shares
from egress_review.screening.disclosure.shown import loose
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

ROW_LEVEL, ROW_LISTING = "row_level", "row_listing"
DIGITS = {2: 3, 4: 6}  # of floating-point numbers of so many bytes that can be told
WIDEST, LONGEST = 40, 400  # columns and rows of an array that are compared


def check(table: Table, index: Index, limits: Limits) -> list[Finding]:
    """Return what a table gives away about single people or few of them."""
    people = index.people
    table = without_shares(table)
    findings = rows.about_one(table, index)
    if any(finding.check == ROW_LEVEL for finding in findings):
        return findings
    findings += joint.by_rows(table, people)
    if any(finding.check == ROW_LEVEL for finding in findings):
        return findings
    findings += cells.small(table, limits) or cells.adds_up(table, people, limits)
    findings += cells.crosstab(table, people, limits)
    findings += cells.leftovers(table, limits)
    findings += cells.shares(table, limits)
    findings += cells.copies(table, limits)
    findings += running.check(table, people, limits)
    findings += said.shares(table, running.labelled(table), limits)
    findings += recount.check(table, people, limits)
    findings += single.in_table(table, people)
    findings += captions.check("\n".join(table.header), people, limits, table.where)
    findings += crossed.in_table(table, people, limits)
    findings += suppression.check(table, limits)
    findings += models.check(table, people, limits)
    findings += extremes.check(table, people, limits)
    findings += curves.size(table, limits)
    findings += curves.uncounted(table, index)
    findings += lone.check(table, index)
    cells_ = (cell for row in (table.header, *table.rows) for cell in row)
    return [*findings, *without_one(left_out.pairs(cells_, (), index.people), table.where)]


def without_one(found: left_out.LeftOut | None, where: str = "", beside: str = "here") -> list[Finding]:
    """Return the finding for two numbers that are of people with and without one of them, none for None."""
    if found is None:
        return []
    message = f"Two numbers {beside} are the {found.what}, with and without one speaker."
    fix = "Keep people the same in all numbers, or round them so that one person makes no difference."
    return [(block if found.sure else flag)("differencing", message, fix, where)]


def rows_only(table: Table, index: Index) -> list[Finding]:
    """Return what a table's rows give away as rows, without judging its cells."""
    found = [*rows.about_one(table, index), *joint.by_rows(table, index.people)]
    return [finding for finding in found if finding.check in (ROW_LEVEL, ROW_LISTING)]


def in_numbers(cells: Iterable[str], index: Index, where: str = "") -> list[Finding]:
    """Return a finding where written numbers, in any nesting and order, are values of single people."""
    listed = list(cells)
    return rows.in_numbers(listed, index.people, where) or extremes.in_numbers(listed, index.people, where)


def in_array(values: NDArray[np.generic], index: Index, where: str = "") -> list[Finding]:
    """Return a finding where an array of one or two dimensions holds a value a recording or speaker.

    Shape (values,), (rows, columns) or (columns, rows); others are left to other checks.
    """
    if not 1 <= values.ndim <= 2 or not np.issubdtype(values.dtype, np.number) or not values.size:
        return []
    if np.iscomplexobj(values) or (values.ndim == 2 and min(values.shape) > WIDEST):
        return []
    flat = values.reshape(-1, 1) if values.ndim == 1 else values if values.shape[1] <= WIDEST else values.T
    flat = flat[:: max(1, len(flat) // LONGEST)][:LONGEST]
    # The last digits of short floating-point numbers are those of how they are kept.
    digits = DIGITS.get(values.dtype.itemsize, 7) if values.dtype.kind == "f" else 7
    written = tuple(tuple(f"{value:.{digits}g}" for value in row) for row in flat.tolist())
    table = Table(tuple("" for _ in written[0]), written, where)
    return rows_only(table, index) or [
        finding for finding in lone.check(table, index) if finding.check == ROW_LEVEL
    ]


def in_text(content: str, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return what the numbers and models written in a text give away, in whatever layout."""
    return [
        *(
            rows.in_text(content, index.people, where)
            or rows.in_text(said.figures(content), index.people, where)
        ),
        *(
            finding
            for table in unruled.tables(content, index.people, where)
            for finding in rows_only(table, index)
        ),
        *models.in_text(content, index.people, limits, where),
        *said.in_text(content, limits, where),
        *running.leaves(content, limits, where),
        *plots.check(content, limits, where),
        *extremes.in_text(content, index.people, where),
        *single.in_text(content, index.people, where),
        *(
            captions.check(content, index.people, limits, where)
            or crossed.check(content, index.people, limits, where)
            or labels.check(content, limits, where)
        ),
        *without_one(left_out.pairs(loose(content), (), index.people), where),
    ]


def beside(table: Table, content: str, limits: Limits) -> list[Finding]:
    """Return what the text around a table adds to it: totals of suppressed cells, people behind shares."""
    whole = said.with_totals(table, content)
    undone = suppression.check(whole, limits) if whole else []
    return [*undone, *said.shares(table, content, limits)]


__all__ = ["beside", "check", "in_array", "in_numbers", "in_text", "rows_only"]
