"""Numbers whose making is declared are made again here, from the data itself, and compared as they are shown.

A declaration is data, never code: {"table": "wer.csv", "rows": {"by": ["region"]}, "columns": {"speakers":
{"count": "speaker"}, "mean_s": {"mean": "seconds"}}, "where": [{"column": "sex", "is": "F"}]}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.context import Context, HandedIn
from egress_review.screening.disclosure import groups
from egress_review.screening.disclosure.headers import is_suppressed, is_total
from egress_review.screening.disclosure.shown import number
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.people import People, folded, statistics
from egress_review.screening.reading import tables_of
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag, note

Mask = NDArray[np.bool_]
MEASURES = ("count", "mean", "sum", "median", "std", "min", "max", "share")
COUNTED = {"speaker": "people", "speakers": "people", "recording": "recordings", "recordings": "recordings"}
CONDITIONS = ("is", "in", "from", "to")
MOST = 20
SLACK = 0.51  # of the last digit: rounding either way


class Undeclared(Exception):
    """A declaration can't be followed; the message says what is wrong with it."""


@dataclass(frozen=True)
class Declaration:
    """How a table was made: what names its groups, what each other column measures, over which recordings."""

    by: tuple[str, ...]
    columns: Mapping[str, tuple[str, str]]
    where: tuple[Mapping[str, Any], ...] = ()


def check(handed_in: Sequence[HandedIn], index: Index, context: Context, limits: Limits) -> list[Finding]:
    """Return what became of each declared table: made again and equal, or where it differs."""
    findings: list[Finding] = []
    for file in handed_in:
        raw = context.declared.get(file.name)
        for one in raw if isinstance(raw, list) else [raw] if raw is not None else []:
            found = of_file(file, one, index.people, limits)
            findings += [replace(finding, file=file.file) for finding in found]
    return findings


def of_file(file: HandedIn, raw: Any, people: People, limits: Limits) -> list[Finding]:
    """Return what recomputing one declared table shows."""
    try:
        declaration = read(raw, people)
        table = _table(tables_of(file.data, file.name, limits), declaration)
        base = _base(declaration, people)
        rows = list(_rows(table, declaration, people, base))
    except Undeclared as error:
        return [
            flag("declared", f"The declaration can't be followed: {error}.", "Correct it, or leave it out.")
        ]
    wrong, checked = _compared(table, declaration, rows, people)
    if wrong:
        return wrong[:MOST]
    said = f"{checked} numbers were made again from the data as declared, and are equal to all digits shown."
    return [note("declared", said), *_judged(table, declaration, rows, people, limits)]


def read(raw: Any, people: People) -> Declaration:
    """Return a declaration; raises Undeclared where it names what the data has not, or is no declaration."""
    if not isinstance(raw, dict) or set(raw) - {"table", "rows", "columns", "where"}:
        raise Undeclared("it is no object of table, rows, columns and where")
    rows, columns, where = raw.get("rows") or {}, raw.get("columns"), raw.get("where") or []
    by = rows.get("by", []) if isinstance(rows, dict) else None
    if not isinstance(by, list) or not all(isinstance(name, str) for name in by) or len(by) > 4:
        raise Undeclared('"rows" must be {"by": [up to four columns]}')
    if not isinstance(columns, dict) or not columns:
        raise Undeclared('"columns" says of no column what it measures')
    if not isinstance(where, list) or not all(isinstance(one, dict) for one in where):
        raise Undeclared('"where" must be a list of conditions')
    measures = {name: _measure(name, one, people) for name, one in columns.items()}
    for name in by:
        if people.label(name) is None and people.number(name) is None:
            raise Undeclared(f"the data has no column {name[:60]!r}")
    return Declaration(tuple(by), measures, tuple(where))


def _measure(name: str, raw: Any, people: People) -> tuple[str, str]:
    if not isinstance(raw, dict) or len(raw) != 1:
        raise Undeclared(f'column {name[:60]!r} needs one measure, as {{"mean": "seconds"}}')
    ((measure, of),) = raw.items()
    if measure not in MEASURES or not isinstance(of, str):
        raise Undeclared(f"column {name[:60]!r} is none of {', '.join(MEASURES)}")
    if measure in ("count", "share") and of not in COUNTED:
        raise Undeclared(f"column {name[:60]!r} counts neither speakers nor recordings")
    if measure not in ("count", "share") and people.number(of) is None:
        raise Undeclared(f"the data has no numbers called {of[:60]!r}")
    return measure, of


def _table(found: Sequence[Table], declaration: Declaration) -> Table:
    wanted = {folded(name) for name in (*declaration.by, *declaration.columns)}
    fitting = [table for table in found if wanted <= {folded(header) for header in table.header}]
    if not fitting:
        raise Undeclared("the file has no table with all its columns")
    return fitting[0]


def _base(declaration: Declaration, people: People) -> Mask:
    mask = np.ones(people.recording_count, dtype=bool)
    for condition in declaration.where:
        mask &= _condition(condition, people)
    return mask


def _condition(condition: Mapping[str, Any], people: People) -> Mask:
    name = str(condition.get("column", ""))
    if set(condition) - {"column", *CONDITIONS}:
        raise Undeclared(f"a condition knows column, {', '.join(CONDITIONS)}")
    label, numbers = people.label(name), people.number(name)
    if "is" in condition or "in" in condition:
        wanted = condition.get("in", [condition.get("is")])
        if not isinstance(wanted, list) or label is None:
            raise Undeclared(f"the data has no categories called {name[:60]!r}")
        codes = [label.by_word.get(folded(str(value))) for value in wanted]
        if None in codes:
            raise Undeclared(f"the column {name[:60]!r} has no such category")
        return np.isin(label.codes, [code for code in codes if code is not None])
    if numbers is None:
        raise Undeclared(f"the data has no numbers called {name[:60]!r}")
    try:
        low, high = float(condition.get("from", "-inf")), float(condition.get("to", "inf"))
    except (TypeError, ValueError) as error:
        raise Undeclared("from and to must be numbers") from error
    return (numbers.values >= low) & (numbers.values <= high)


def _rows(table: Table, declaration: Declaration, people: People, base: Mask) -> Iterator[tuple[int, Mask]]:
    """Yield each row's recordings; raises Undeclared for a label that the data has not."""
    at = {folded(header): n for n, header in enumerate(table.header)}
    for row, cells in enumerate(table.rows):
        mask = base.copy()
        for name in declaration.by:
            cell = cells[at[folded(name)]]
            if is_total(cell):
                continue
            label, numbers = people.label(name), people.number(name)
            code = groups.matched(cell, label, strict=False) if label else None
            band = groups.band(cell, numbers) if numbers and code is None else None
            if label is not None and code is not None:
                mask &= label.codes == code
            elif band is not None:
                mask &= band
            else:
                raise Undeclared(f"row {row + 1} names a group that the column {name[:60]!r} has not")
        yield row, mask


def measured(measure: str, of: str, mask: Mask, base: Mask, people: People) -> float:
    """Return one number of a group: a count of people or recordings, or a statistic over its recordings."""
    if measure in ("count", "share"):
        counted = [
            people.people_in(m) if COUNTED[of] == "people" else int(np.count_nonzero(m)) for m in (mask, base)
        ]
        return float(counted[0]) if measure == "count" else counted[0] / max(counted[1], 1)
    column = people.number(of)
    assert column is not None  # read() made sure
    values = np.asarray(column.values)[mask]
    values = values[~np.isnan(values)]
    if not len(values) or (measure == "std" and len(values) < 2):
        return float("nan")
    if measure == "std":
        return float(np.std(values, ddof=1))
    return float(statistics(np.zeros(len(values), dtype=np.int32), values)[measure][0])


def _compared(
    table: Table, declaration: Declaration, rows: Sequence[tuple[int, Mask]], people: People
) -> tuple[list[Finding], int]:
    base = _base(declaration, people)
    at = {folded(header): n for n, header in enumerate(table.header)}
    wrong, checked = [], 0
    for row, mask in rows:
        for name, (measure, of) in declaration.columns.items():
            cell = table.rows[row][at[folded(name)]]
            shown = number(cell)
            if is_suppressed(cell) or not cell.strip():
                continue
            value = measured(measure, of, mask, base, people)
            scales = (
                (1.0, 100.0)
                if measure == "share"
                else (1.0, 1 / 3600, 1 / 60)
                if measure == "sum"
                else (1.0,)
            )
            checked += 1
            if shown is None or not any(abs(value * s - shown[0]) <= SLACK * shown[1] for s in scales):
                message = f"Made again as declared ({measure} of {of}), this number comes out different."
                fix = "Correct the table or its declaration; an intended rounding shows fewer digits."
                wrong.append(flag("declared", message, fix, table.place(row, at[folded(name)])))
    return wrong, checked


def _judged(
    table: Table, declaration: Declaration, rows: Sequence[tuple[int, Mask]], people: People, limits: Limits
) -> Iterator[Finding]:
    """Yield what the true groups behind an equal table give away: few people, one who dominates."""
    for row, mask in rows[:200]:
        behind = people.people_in(mask)
        if 0 < behind < limits.minimum_count:
            message = (
                f"As declared, {behind} people stand behind this row, fewer than {limits.minimum_count}."
            )
            yield block("few_people", message, groups.least(limits), table.place(row))
            continue
        group = groups.Group(row, None, mask, behind, int(np.count_nonzero(mask)))
        for measure, of in declaration.columns.values():
            if measure not in ("mean", "sum"):
                continue
            column = people.number(of)
            why = groups.dominated(group, people, None if column is None else np.asarray(column.values))
            if why:
                make = flag if "half" in why else block
                fix = "Average over speakers first, then over groups; or leave the group out."
                yield make(
                    "dominance", f"In this group {why}; the number tells about them.", fix, table.place(row)
                )
                break
