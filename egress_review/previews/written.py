"""Previews of what is text: tables by rows, text by lines, notebooks by cells; a page at a time."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from egress_review.previews.shown import Cell, Lines, Picture, Shown, Table, cell, label, pages_of, visible

PNG = b"\x89PNG\r\n\x1a\n"
ROWS = 200
COLUMNS = 60
LINES = 500
LINE_LETTERS = 2_000
CELLS = 40
CELL_TEXT = 20_000


class _Output(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str | list[str] = ""
    data: dict[str, str | list[str]] = Field(default_factory=dict)
    ename: str = ""
    evalue: str = ""


class _Cell(BaseModel):
    model_config = ConfigDict(extra="ignore")

    cell_type: str
    source: str | list[str] = ""
    outputs: list[_Output] = Field(default_factory=list)


class _Notebook(BaseModel):
    model_config = ConfigDict(extra="ignore")

    cells: list[_Cell]


def text(data: bytes, page: int) -> Shown:
    """Return a page of lines."""
    lines = decoded(data).split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    pages = pages_of(len(lines), LINES)
    page = min(page, pages)
    first = (page - 1) * LINES
    part = tuple(visible(line[:LINE_LETTERS]) for line in lines[first : first + LINES])
    long = any(len(line) > LINE_LETTERS for line in lines[first : first + LINES])
    cut = f"Lines are shown up to their {LINE_LETTERS}th character." if long else ""
    return Shown(lines=Lines(part, first + 1), page=page, pages=pages, cut=cut)


def pretty_json(data: bytes, page: int) -> Shown:
    """Return a page of a JSON document, one value a line; what is no JSON is shown as text."""
    try:
        value = json.loads(decoded(data))
        said = json.dumps(value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text(data, page)
    return text(said.encode(errors="replace"), page)


def commas(data: bytes, page: int) -> Shown:
    """Return a page of a CSV file's rows."""
    return table(data, page, delimiter=",")


def tabs(data: bytes, page: int) -> Shown:
    """Return a page of a TSV file's rows."""
    return table(data, page, delimiter="\t")


def picture(data: bytes, page: int) -> Shown:
    """Return a PNG picture as it is: the browser draws it, inside the sandbox."""
    if not data.startswith(PNG):
        return Shown(why_not="This is not a PNG picture, so it is not shown.")
    return Shown(pictures=(Picture(data, "The picture, as it would leave"),))


def table(data: bytes, page: int, *, delimiter: str) -> Shown:
    """Return a page of rows below their header; what is no table is shown as text."""
    reader = csv.reader(io.StringIO(decoded(data), newline=""), delimiter=delimiter)
    try:
        head = next(reader, [])
        rows = list(islice(reader, (page - 1) * ROWS, page * ROWS))
        before = (page - 1) * ROWS + len(rows)
        count = before + sum(1 for _ in reader)
    except csv.Error:
        return text(data, page)
    if page > 1 and not rows:
        return table(data, 1, delimiter=delimiter)
    wide = max(map(len, [head, *rows]))
    cut = f"The first {COLUMNS} of {wide} columns." if wide > COLUMNS else ""
    shown = Table(_cells(head), tuple(map(_cells, rows)), first=(page - 1) * ROWS + 1)
    return Shown(tables=(shown,), page=page, pages=pages_of(count, ROWS), cut=cut)


def notebook(data: bytes, page: int) -> Shown:
    """Return a page of a notebook's cells."""
    try:
        found = _Notebook.model_validate_json(data)
    except ValidationError:
        return Shown(why_not="No preview: the notebook can't be read.")
    pages = pages_of(len(found.cells), CELLS)
    page = min(page, pages)
    first = (page - 1) * CELLS
    numbered = enumerate(found.cells[first : first + CELLS], start=first + 1)
    return Shown(cells=tuple(_cell(number, one) for number, one in numbered), page=page, pages=pages)


def notebook_text(data: bytes) -> str:
    """Return a notebook as lines that can be compared."""
    try:
        found = _Notebook.model_validate_json(data)
    except ValidationError:
        return decoded(data)
    pieces: list[str] = []
    for number, one in enumerate(found.cells, start=1):
        pieces += [f"── {one.cell_type} cell {number}", _joined(one.source)]
        pieces += [f"┄ output\n{said}" for said in map(_said, one.outputs) if said]
        pieces += ["┄ picture" for output in one.outputs if "image/png" in output.data]
    return "\n".join(pieces)


def decoded(data: bytes) -> str:
    """Return bytes as text; what is no UTF-8 is replaced where it can be seen."""
    return data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _cells(row: list[str]) -> tuple[str, ...]:
    return tuple(cell(value) for value in row[:COLUMNS])


def _cell(number: int, one: _Cell) -> Cell:
    return Cell(
        number=number,
        kind=label(one.cell_type),
        source=visible(_joined(one.source)[:CELL_TEXT]),
        outputs=tuple(visible(said[:CELL_TEXT]) for said in map(_said, one.outputs) if said),
        pictures=tuple(_drawn(number, output) for output in one.outputs if "image/png" in output.data),
    )


def _drawn(number: int, output: _Output) -> Picture:
    try:
        png = _png(output)
    except binascii.Error:
        png = b""
    # Only a PNG is ever shown: other bytes could be read as something else.
    shown = png if png.startswith(PNG) else b""
    return Picture(shown, f"Picture of cell {number}" + ("" if shown else ", which can't be read"))


def _png(output: _Output) -> bytes:
    return base64.b64decode("".join(_joined(output.data["image/png"]).split()), validate=True)


def _said(output: _Output) -> str:
    error = f"{output.ename}: {output.evalue}" if output.ename else ""
    return _joined(output.text) or _joined(output.data.get("text/plain", "")) or error


def _joined(said: str | list[str]) -> str:
    return said if isinstance(said, str) else "".join(said)
