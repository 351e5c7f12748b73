"""JSON: parsed without surprises, looked through as text and as tables, written back with rounded numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

import numpy as np

from egress_review.screening import (
    arrays,
    disclosure,
    disguised,
    embedded,
    layouts,
    lookups,
    streams,
    text,
    unread,
    wording,
)
from egress_review.screening.disclosure import captions, crossed, lone, objects, said
from egress_review.screening.examine import judged
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.numbers import counted, rounded_float, rounded_prose, rounded_whole
from egress_review.screening.tables import Table
from egress_review.screening.values import Json, Scalar, cell, leaves, nodes, tables_in
from egress_review.screening.verdict import Finding, block, flag, note, outcome_of, refuse

PIECE = 10  # characters that pieces of a blob have on average


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


def check(value: Json, index: Index, limits: Limits) -> list[Finding]:
    """Return what a JSON value gives away: in its strings and keys, its tables, its runs of numbers."""
    strings = "\n".join(_strings(value))
    findings = text.check(strings, index, limits, "strings")
    findings += said.mostly_numbers(strings, limits, "strings")
    findings += captions.check(strings, index.people, limits, "strings")
    findings += crossed.check(json.dumps(value, ensure_ascii=False), index.people, limits)
    for table in tables_in(value, limits):
        findings += judged(table, index, limits)
        if len(findings) > limits.findings:
            break
    for path, node in nodes(value, ""):
        place = path[-120:] or "top level"
        if isinstance(node, list):
            findings += [flag("unread", said, unread.FIX, place) for said in unread.sequences(_wholes(node))]
            findings += _list(node, place, index, limits)
            findings += disguised.coded([one for one in node if isinstance(one, Scalar)], index, place)
        findings += _written(node, place, index, limits)
        if len(findings) > limits.findings:
            break
    findings += lookups.look(nodes(value, ""), index, limits.minimum_count)
    findings += objects.check(value, limits)
    findings += layouts.in_json(value)
    findings += streams.in_json(value, index, limits)
    numbers = (cell(leaf) for _, leaf in leaves(value, "") if isinstance(leaf, int | float))
    return findings + disclosure.in_numbers(numbers, index, "numbers")


def _written(node: Json, place: str, index: Index, limits: Limits) -> list[Finding]:
    """Return what tables give away that are written in an object's or a list's strings of several lines."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    written = [one for one in inner if isinstance(one, str) and one.count("\n") >= embedded.ROWS]
    return [
        finding
        for one in written
        for table in embedded.tables(one, place, limits)
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


def _ids(node: list[Json], place: str, index: Index) -> list[Finding]:
    """Return a block for a list of ids, as they are or as other numbers."""
    singles = [cell(inner) for inner in node if isinstance(inner, str | int)]
    found = index.identifiers.column(singles)
    if found:
        match, count = found
        return [block("row_level", f"{count} values of this list are each a {match}.", text.ID_FIX, place)]
    return wording.recoded_ids([singles], index, place)


def _list(node: list[Json], place: str, index: Index, limits: Limits) -> list[Finding]:
    named = _ids(node, place, index)
    if named:
        return named
    whole = [inner for inner in node if isinstance(inner, int) and not isinstance(inner, bool)]
    hidden = arrays.held(np.array(whole), index, limits, place) if len(whole) == len(node) else []
    if hidden:
        return hidden
    figures = sum(isinstance(inner, int | float) for inner in node)
    # A row of many is looked at with the others.
    if figures == len(node) <= lone.MOST and not place.endswith("]"):
        told = lone.check(Table(("",), tuple((cell(inner),) for inner in node), place), index)
        if outcome_of(told) == "block":
            return told
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
