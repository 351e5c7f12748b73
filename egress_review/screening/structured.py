"""JSON: parsed without surprises, looked through as text and as tables, written back with rounded numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from egress_review.screening import (
    arrays,
    disclosure,
    disguised,
    layouts,
    lookups,
    streams,
    tables,
    text,
    unread,
)
from egress_review.screening.disclosure import said
from egress_review.screening.disclosure.headers import PERSONAL, bare
from egress_review.screening.examine import judged
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.numbers import counted, rounded_float, rounded_prose, rounded_whole
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag, note, refuse

Scalar = int | float | str
SUMMARY = frozenset(
    {
        "mean",
        "median",
        "med",
        "std",
        "sd",
        "q1",
        "q3",
        "p25",
        "p50",
        "p75",
        "25%",
        "50%",
        "75%",
        "iqr",
        "p10",
        "p90",
    }
)
ENDS = frozenset(
    {
        "p0",
        "p100",
        "q0",
        "q100",
        "0%",
        "100%",
        "min",
        "max",
        "minimum",
        "maximum",
        "lowest",
        "highest",
        "oldest",
        "youngest",
        # Boxplots: whiskers end at a value, and what lies outside is one each.
        "whislo",
        "whishi",
        "lowerfence",
        "upperfence",
        "fliers",
        "outliers",
    }
)
FIVE = re.compile(r"(?i)(tukey_?)?five_?num(ber)?s?(_?summary)?")  # the ends and quartiles, in one list
PIECE = 10  # characters that pieces of a blob have on average
NUMBERED = 3  # keys with a digit from which an object's are labels of people
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def parse(content: str, limits: Limits) -> Json:
    """Return the value of a JSON text; raises Unscreenable for depth, size, repeated keys, broken syntax."""
    _bounded_depth(content, limits)
    try:
        value: Json = json.loads(content, object_pairs_hook=_unique, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise refuse("json", f"The JSON can't be read: {error}.", "Write it with a JSON library.") from error
    values = sum(1 for _ in leaves(value, ""))
    if values > limits.json_values:
        raise refuse(
            "json_size",
            f"The JSON holds {values:,} values; at most {limits.json_values:,} can be looked through.",
            "Hand in a summary.",
        )
    return value


def _bounded_depth(content: str, limits: Limits) -> None:
    depth, quoted, escaped = 0, False, False
    for character in content:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > limits.json_depth:
                raise refuse(
                    "json_depth", f"The JSON is nested deeper than {limits.json_depth}.", "Flatten it."
                )
        elif character in "]}":
            depth -= 1


def _unique(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated, which hides its first value")
    return found


def _whole(digits: str) -> int:
    if len(digits) > 25:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


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


def check(value: Json, index: Index, limits: Limits) -> list[Finding]:
    """Return what a JSON value gives away: in its strings and keys, its tables, its runs of numbers."""
    strings = "\n".join(_strings(value))
    findings = text.check(strings, index, limits, "strings")
    findings += said.mostly_numbers(strings, limits, "strings")
    rows: set[int] = set()
    for path, node in nodes(value, ""):
        place = path[-120:] or "top level"
        # What is a row of a table that was looked at is no table of its own.
        for table in () if id(node) in rows else tables_of(node, place, limits):
            if isinstance(node, list):
                rows.update(map(id, node))
            findings += judged(table, index, limits)
        if isinstance(node, list):
            findings += [flag("unread", said, unread.FIX, place) for said in unread.sequences(_wholes(node))]
            findings += _list(node, place, index, limits)
            findings += disguised.coded([one for one in node if isinstance(one, Scalar)], index, place)
        elif isinstance(node, dict):
            findings += _summary(node, place) + _of_people(path, node, place)
        findings += _written(node, place, index, limits)
        if len(findings) > limits.findings:
            break
    findings += lookups.look(nodes(value, ""), index, limits.minimum_count)
    findings += layouts.in_json(value)
    findings += streams.in_json(value, index, limits)
    numbers = (cell(leaf) for _, leaf in leaves(value, "") if isinstance(leaf, int | float))
    return findings + disclosure.in_numbers(numbers, index, "numbers")


def _of_people(path: str, node: Mapping[str, Json], place: str) -> list[Finding]:
    """Return the block for an object whose name says speakers or recordings and whose keys number them."""
    named = path.rsplit(".", 1)[-1]
    numbered = sum(any(map(str.isdigit, key)) for key in node)
    if not PERSONAL.match(bare(named)) or numbered < NUMBERED or 2 * numbered <= len(node):
        return []
    message = f"{named!r} holds {len(node)} values, each of one recording or person, whatever their labels."
    return [block("row_level", message, "Aggregate over people.", place)]


def _written(node: Json, place: str, index: Index, limits: Limits) -> list[Finding]:
    """Return what tables give away that are written in an object's or a list's strings of several lines."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    written = [one for one in inner if isinstance(one, str) and one.count("\n") >= tables.EMBEDDED_ROWS]
    return [
        finding
        for one in written
        for table in tables.embedded(one, place, limits)
        for finding in judged(table, index, limits)
    ]


def _wholes(node: Sequence[Json]) -> list[list[int]]:
    """Return those of a list's lists that hold nothing but whole numbers."""
    lists = [one for one in node if isinstance(one, list)]
    return [
        [value for value in one if isinstance(value, int)]
        for one in lists
        if all(isinstance(value, int) and not isinstance(value, bool) for value in one)
    ]


def _summary(node: Mapping[str, Json], place: str) -> list[Finding]:
    """Return a flag for the ends of a distribution that stand among its mean, quartiles or spread."""
    numbers = {name.casefold() for name, one in node.items() if _is_measured(one)}
    whole = any(FIVE.fullmatch(name) and isinstance(node[name], list) for name in node)
    if whole:
        numbers |= {"min", "median"}
    if not numbers & SUMMARY or not numbers & ENDS:
        return []
    message = "The smallest and the largest value may be those of a single person."
    return [flag("extremes", message, "Give quantiles that enough people lie beyond.", place)]


def _is_measured(value: Json) -> bool:
    """Return whether a value is a number, or a list of some."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float)


def _strings(value: Json) -> Iterator[str]:
    told: set[tuple[str, ...]] = set()
    for _, node in nodes(value, ""):
        if isinstance(node, dict):
            # Names that each record repeats are said once.
            yield from () if tuple(node) in told else node
            told.add(tuple(node))
            yield from (inner for inner in node.values() if isinstance(inner, str))
        elif isinstance(node, list):
            yield from (inner for inner in node if isinstance(inner, str))
            singles = [one for one in node if isinstance(one, str) and " " not in one]
            joined = "".join(singles)
            # A blob cut into short strings is whole again when they are joined.
            if len(joined) >= 200 and len(singles) == len(node) and len(joined) >= PIECE * len(node):
                yield joined
    if isinstance(value, str):
        yield value


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


def _list(node: list[Json], place: str, index: Index, limits: Limits) -> list[Finding]:
    singles = [cell(inner) for inner in node if isinstance(inner, str | int)]
    found = index.identifiers.column(singles)
    if found:
        match, count = found
        return [block("row_level", f"{count} values of this list are each a {match}.", text.ID_FIX, place)]
    whole = [inner for inner in node if isinstance(inner, int) and not isinstance(inner, bool)]
    hidden = arrays.held(np.array(whole), index, limits, place) if len(whole) == len(node) else []
    if hidden:
        return hidden
    figures = sum(isinstance(inner, int | float) for inner in node)
    nested = sum(
        sum(isinstance(value, int | float) for value in inner) for inner in node if isinstance(inner, list)
    )
    if figures > limits.curve_points or nested > limits.matrix_values:
        return [
            block(
                "numbers_many",
                f"{figures or nested:,} numbers in a row can be a recording or its features.",
                "Hand in aggregated numbers, or a plot.",
                place,
            )
        ]
    if figures > limits.table_rows:
        run = [float(inner) for inner in node if isinstance(inner, int | float)]
        return [
            *arrays.from_columns([run], index, limits, place),
            flag(
                "curve",
                f"A curve of {figures:,} points is long enough to hold measurements of one recording.",
                f"Thin it out to {limits.table_rows} points.",
                place,
            ),
        ]
    return []


def rebuild(value: Json) -> tuple[str, list[Finding]]:
    """Return the canonical text of a JSON value: plain strings, rounded numbers, two blanks of indent."""
    changed: list[str] = []
    clean = _clean(value, changed)
    findings = [note("numbers", f"{counted(len(changed))} rounded.")] if changed else []
    return json.dumps(clean, ensure_ascii=False, indent=2, allow_nan=False) + "\n", findings


def _clean(value: Json, changed: list[str]) -> Json:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return rounded_prose(text.plain(value))[0]
    if isinstance(value, dict):
        return {text.plain(key, multiline=False): _clean(inner, changed) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner, changed) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    short = rounded_float(value) if isinstance(value, float) else rounded_whole(value)
    if short != value:
        changed.append("")
    return short
