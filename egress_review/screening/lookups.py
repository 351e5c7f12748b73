"""Reads codes by the list of words or signs that stands beside them, in JSON or among arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from egress_review.screening.index import Index
from egress_review.screening.parts import Array, Part, Text
from egress_review.screening.verdict import Finding
from egress_review.screening.wording import content

FEWEST, CODED = 8, 20  # entries of a list that others are read by, and codes that are read
LISTS, READ = 4, 40_000  # lists that are tried, and codes in all
TOKEN = re.compile(r"[^\s,;|]+")

Book = Mapping[str, str]


def look(nodes: Iterable[tuple[str, object]], index: Index, minimum: int) -> list[Finding]:
    """Return the block for ids and transcripts that codes of a JSON value are, by a list in it."""
    values = [node for _, node in nodes]
    books = [book for value in values for book in _books(value)]
    return _read(books, [line for value in values for line in _codes(value)], index, minimum)


def look_among(parts: Iterable[Part], index: Index, minimum: int) -> list[Finding]:
    """Return the block for ids and transcripts that arrays of whole numbers are, by a list beside them."""
    books: list[Book] = []
    lines: list[list[str]] = []
    for part in parts:
        if isinstance(part, Text) and len(books) < 2 * LISTS:
            books += _listed(part.content.split("\n"))
        elif isinstance(part, Array) and part.values.dtype.kind in "iu" and part.values.ndim:
            rows = part.values.reshape(len(part.values), -1) if part.values.ndim > 1 else part.values[None]
            most = max(READ // max(rows.shape[1], 1), 1)
            lines += [list(map(str, row)) for row in rows[:most, :READ].tolist()]
    return _read(books, lines, index, minimum) if books and lines else []


def _read(books: list[Book], lines: list[list[str]], index: Index, minimum: int) -> list[Finding]:
    for book in sorted(books, key=len, reverse=True)[:LISTS]:
        read = [[book[code] for code in line] for line in lines if all(code in book for code in line)]
        if sum(map(len, read)) < CODED:
            continue
        said = "\n".join(joint.join(line) for line in read for joint in (" ", ""))
        found = content(said[:READ], index, minimum, "", "by a list that stands beside")
        if found:
            return found
    return []


def _books(value: object) -> Iterator[Book]:
    """Yield what a list, a string of different signs or an object may make of codes."""
    if isinstance(value, dict):
        words = {str(code): word for word, code in value.items() if isinstance(code, int | str)}
        yield from (words,) if len(words) >= FEWEST else ()
        values = [one for one in value.values() if isinstance(one, str)]
        yield from ({code: word for code, word in value.items() if isinstance(word, str)},) if values else ()
        yield from (book for one in values for book in _listed(one))
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield from _listed(value)


def _listed(entries: str | list[str]) -> Iterator[Book]:
    if FEWEST <= len(entries) == len(set(entries)):
        yield from ({str(n): one for n, one in enumerate(entries, start)} for start in (0, 1))


def _codes(value: object) -> Iterator[list[str]]:
    if isinstance(value, list) and value and all(type(one) in (int, str) for one in value):
        yield [str(one) for one in value[:READ]]
    elif isinstance(value, dict):
        strings = (TOKEN.findall(one[:READ]) for one in value.values() if isinstance(one, str))
        yield from (tokens for tokens in strings if len(tokens) >= CODED)
