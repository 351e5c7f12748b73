"""A value of nested lists and objects: its nodes, its leaves, and the tables it can be read as."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table

Scalar = int | float | str
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def leaves(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Yield each single value with its path, as in `groups[3].name`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


def nodes(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Yield each list and object with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from nodes(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield path, value
        for number, inner in enumerate(value):
            yield from nodes(inner, f"{path}[{number}]")


def rows_of(node: Json) -> set[int]:
    """Return which objects are the rows of the table that a list or an object of objects is."""
    inner = node if isinstance(node, list) else node.values() if isinstance(node, dict) else ()
    return {id(row) for row in inner if isinstance(row, dict)}


def cell(value: Json) -> str:
    """Return a single value as the cell of a table."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def tables_of(node: Json, place: str, limits: Limits) -> list[Table]:
    """Return the tables that a list of objects or of rows, an object of lists, or of objects, is read as."""
    if isinstance(node, list) and len(node) >= 2 and all(isinstance(row, dict) for row in node):
        rows = [row for row in node if isinstance(row, dict)]
        return [_table(_header(rows, limits), rows, place)]
    if isinstance(node, list) and len(node) >= 3 and all(isinstance(row, list) for row in node):
        cells = [tuple(map(cell, row)) for row in node if isinstance(row, list)]
        even = 2 <= len(cells[0]) <= limits.columns and len({len(row) for row in cells}) == 1
        return [Table(cells[0], tuple(cells[1:]), place)] if even else []
    if isinstance(node, dict) and len(node) >= 2:
        # One way to read it takes nothing from the other: a list more than there are rows would hide these.
        both = [*_apart(node, place, limits), *_columns(node, place, limits)]
        return both or list(_records(node, place, limits))
    return []


def _header(rows: Sequence[Mapping[str, Json]], limits: Limits) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for row in rows for key in row))[: limits.columns]


def _table(header: tuple[str, ...], rows: Sequence[Mapping[str, Json]], place: str) -> Table:
    return Table(header, tuple(tuple(cell(row.get(key)) for key in header) for row in rows), place)


def _apart(node: Mapping[str, Json], place: str, limits: Limits) -> Iterator[Table]:
    """Read lists of rows beside one of as many names as each has cells, as pandas splits them, as tables."""
    lists = [inner for inner in node.values() if isinstance(inner, list) and inner]
    names = [tuple(map(str, one)) for one in lists if all(isinstance(name, str) for name in one)]
    for rows in lists:
        cells = tuple(tuple(map(cell, row)) for row in rows if isinstance(row, list))
        header = next((one for one in names if {len(row) for row in cells} == {len(one)}), None)
        if header is not None and 2 <= len(header) <= limits.columns and len(cells) == len(rows):
            yield Table(header, cells, place)


def _columns(node: Mapping[str, Json], place: str, limits: Limits) -> Iterator[Table]:
    """Read lists of one length as the columns of a table; among lists of several, those of single values."""
    lists = {key: inner for key, inner in node.items() if isinstance(inner, list)}
    lengths = {len(inner) for inner in lists.values()}
    for length in sorted(lengths):
        columns = {
            key: [cell(value) for value in inner]
            for key, inner in lists.items()
            if len(inner) == length and (len(lengths) == 1 or all(isinstance(v, Scalar) for v in inner))
        }
        if 2 <= len(columns) <= limits.columns and length >= 2:
            yield Table(tuple(columns), tuple(zip(*columns.values(), strict=True)), place)


def _records(node: Mapping[str, Json], place: str, limits: Limits) -> Iterator[Table]:
    """Read {"row name": {"column": value}} (or, as pandas writes it, columns first) as a table."""
    inner = {key: row for key, row in node.items() if isinstance(row, dict)}
    if len(inner) == len(node) and len(inner) >= 2:
        header = _header(list(inner.values()), limits)
        rows = tuple((key, *(cell(row.get(name)) for name in header)) for key, row in inner.items())
        yield Table(("", *header), rows, place)
    if all(not isinstance(row, dict | list) for row in node.values()):
        yield Table(("", "value"), tuple((key, cell(row)) for key, row in node.items()), place)


def tables_in(value: Json, limits: Limits, where: str = "", *, once: bool = False) -> Iterator[Table]:
    """Yield the tables of a value at any depth; what is a row in a list of them is no table of its own.

    `once` says the same of an object's objects, which are rows as well as lists of names with values.
    """
    rows: set[int] = set()
    for path, node in nodes(value, ""):
        place = ", ".join(filter(None, (where, path[-120:]))) or "top level"
        tables = [] if id(node) in rows else tables_of(node, place, limits)
        if tables and (once or isinstance(node, list)):
            rows.update(map(id, node) if isinstance(node, list) else rows_of(node))
        yield from tables
