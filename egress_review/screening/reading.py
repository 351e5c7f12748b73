"""The tables of a whole file, for what compares several files: read again, without judging."""

from __future__ import annotations

from collections.abc import Iterator

from egress_review.screening import embedded, inspection, structured, tables, text
from egress_review.screening.carriers import archives
from egress_review.screening.kinds import (
    ARCHIVE,
    DRAWING,
    JSON,
    NOTEBOOK,
    PICTURE,
    SOUND,
    STREAM,
    TABLE,
    TABS,
    TEXT_TYPES,
    Kind,
    identify,
    suffix_of,
)
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed, Text
from egress_review.screening.tables import Table
from egress_review.screening.values import Json, nodes, tables_in
from egress_review.screening.verdict import Unscreenable

MOST = 200
# These show numbers to the eye or the ear only; each file's own screening looks at them.
SEEN_ONLY = (PICTURE, DRAWING, SOUND)


def tables_of(data: bytes, name: str, limits: Limits, depth: int = 0) -> list[Table]:
    """Return the tables in a file's bytes, at most 200; none where it is no file that holds tables.

    Files inside files are read, too, `limits.archive_depth` deep.
    """
    if depth > limits.archive_depth:
        return []
    try:
        return list(_first(_tables(data, identify(data, name), name, limits, depth)))
    except Unscreenable:
        return []


def written(data: bytes, name: str, limits: Limits) -> str:
    """Return what a file of plain text or Markdown says; "" where it is another kind or can't be read."""
    try:
        kind = identify(data, name)
        is_text = kind.media_type in TEXT_TYPES or kind.media_type == "text/markdown"
        return text.decode(data, limits.text_bytes) if is_text else ""
    except Unscreenable:
        return ""


def _first(found: Iterator[Table]) -> Iterator[Table]:
    for number, table in enumerate(found):
        if number >= MOST:
            return
        if table.rows:
            yield table


def _tables(data: bytes, kind: Kind, name: str, limits: Limits, depth: int) -> Iterator[Table]:
    if kind is ARCHIVE:
        for member in archives.members(data, limits.archive_bytes, limits).members:
            yield from tables_of(member.data, member.name.rsplit("/", 1)[-1], limits, depth + 1)
    elif kind is STREAM:
        content = archives.stream(data, limits.archive_bytes, limits)
        yield from tables_of(content, archives.inner_name(name), limits, depth + 1)
    elif kind.name in inspection.OPENERS:
        yield from () if kind in SEEN_ONLY else _opened(data, kind, limits, depth)
    else:
        yield from _written_in(data, kind, name, limits)


def _opened(data: bytes, kind: Kind, limits: Limits, depth: int) -> Iterator[Table]:
    for part in inspection.opener(kind).open(data, limits).parts:
        match part:
            case Table():
                yield part
            case Text(content, where):
                yield from embedded.tables(content, where, limits)
            case Packed() if part.name:
                yield from tables_of(part.data, part.name, limits, depth + 1)


def _written_in(data: bytes, kind: Kind, name: str, limits: Limits) -> Iterator[Table]:
    if kind is TABLE or kind is TABS:
        content = text.decode(data, limits.table_bytes)
        yield tables.parse(content, tables.delimiter_of(content, suffix_of(name)), limits)
    elif kind is JSON or kind is NOTEBOOK:
        content = text.decode(data, limits.text_bytes)
        value = structured.parse(content, limits)
        # Rows of one table are not compared as if they were two tables of the same people.
        yield from tables_in(value, limits, once=True)
        for path, node in nodes(value, ""):
            # A notebook's outputs are lists of lines, or one text.
            if kind is NOTEBOOK and isinstance(node, dict):
                for inner in node.values():
                    yield from embedded.tables(_lines(inner), path[-120:], limits)
    elif kind.media_type in TEXT_TYPES or kind.media_type.startswith("text/"):
        yield from embedded.tables(text.decode(data, limits.text_bytes), "", limits)


def _lines(value: Json) -> str:
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) and "\n" in value else ""
