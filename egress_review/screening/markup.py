"""Tables whose cells stand on lines of their own or between tags: reST's lists, AsciiDoc, DocBook, tbl."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from egress_review.screening.tables import Table

READ, MOST = 200_000, 2_000  # characters and rows that are read
BEGUN, LONGEST = 40, 20_000  # tables of one kind, and characters of one
LISTED = re.compile(r"^(\s*)([*-]) - ?(.*)$")  # the first cell of a row of reST's list-table
NEXT = re.compile(r"^\s+- ?(.*)$")
# A row and its cells between tags, in whatever brackets; what closes a cell may be left out.
ROW = re.compile(
    r"(?is)[<\[](?:row|tr|table:table-row)\b[^<>\[\]]*[>\]](.*?)(?=[<\[]/?(?:row|tr|table:table-row)\b)"
)
CELL = re.compile(
    r"(?is)[<\[](?:entry|td|th|cell|table:table-cell)\b[^<>\[\]]*[>\]](.*?)(?=[<\[]/?(?:entry|td|th|cell|table)\b|$)"
)
TAG = re.compile(r"<[^<>]{0,200}>|\[/?[a-z]{1,10}\]")
FENCE = re.compile(r"(?ms)^[|,!]={3,}[ \t]*\n(.*?)\n[|,!]={3,}[ \t]*$")
TBL = re.compile(r"(?m)^\.TS\b")
TYPST = re.compile(r"\btable\(\s*columns:\s*(?:(\d{1,2})|\(([^()]*)\))")
CONTENT = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]")


def tables(content: str, where: str) -> Iterator[Table]:
    """Yield the tables of a text that are written in one of these ways."""
    part = content[:READ]
    for rows in (*_listed(part), _tagged(part), *_fenced(part), *_tbl(part), *_typst(part)):
        told = [row for row in rows if len(row) >= 2][:MOST]
        width = len(told[0]) if told else 0
        same = [row for row in told if len(row) == width]
        if len(same) >= 2 and 2 * len(same) > len(told):
            yield Table(same[0], tuple(same[1:]), where)


def _listed(content: str) -> Iterator[list[tuple[str, ...]]]:
    """Yield rows as lists of lists: "* - cell", and "- cell" below it."""
    rows: list[list[str]] = []
    for line in (*content.split("\n"), "."):
        first, more = LISTED.match(line), NEXT.match(line)
        if first:
            rows.append([first[3].strip()])
        elif more and rows:
            rows[-1].append(more[1].strip())
        elif line.strip():
            yield [tuple(row) for row in rows]
            rows = []


def _tagged(content: str) -> list[tuple[str, ...]]:
    rows = []
    for row in ROW.findall(content):
        rows.append(tuple(TAG.sub("", cell).strip() for cell in CELL.findall(row)))
    return rows


def _fenced(content: str) -> Iterator[list[tuple[str, ...]]]:
    """Yield AsciiDoc's tables: a row has as many cells as the lines before the first empty one."""
    for body in FENCE.findall(content):
        lines = [line.strip() for line in body.split("\n")]
        cells = [cell.strip() for line in lines for cell in line.split("|")[1:]]
        blank = lines.index("") if "" in lines else 1
        first = sum(line.count("|") for line in lines[:blank])
        yield _cut(cells, first)


def _tbl(content: str) -> Iterator[list[tuple[str, ...]]]:
    """Yield roff's tables: the sign between cells is named before the formats, which end with a point."""
    for match in islice(TBL.finditer(content), BEGUN):
        body = content[match.end() : match.end() + LONGEST].partition("\n.TE")[0]
        between = re.search(r"tab\s?\((.)\)", body)
        _, found, rows = body.partition(".\n")
        if found:
            yield [tuple(row.split(between[1] if between else "\t")) for row in rows.split("\n")]


def _typst(content: str) -> Iterator[list[tuple[str, ...]]]:
    for match in islice(TYPST.finditer(content), BEGUN):
        width = int(match[1]) if match[1] else match[2].count(",") + 1
        body = content[match.end() : match.end() + LONGEST]
        yield _cut([cell.strip(" *_$") for cell in CONTENT.findall(body)], width)


def _cut(cells: Sequence[str], width: int) -> list[tuple[str, ...]]:
    return [tuple(cells[at : at + width]) for at in range(0, len(cells), width)] if width >= 2 else []
