"""Safe previews of canonical copies: rows, plain text, cells and pictures, capped, nothing that acts."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import unicodedata
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from egress_review import releases
from egress_review.models import File
from egress_review.vault import Vault
from hub.errors import NotFound

READ_BYTES = 20 * 1024**2
ROWS = 200
COLUMNS = 50
CELL_LETTERS = 300
TEXT_LETTERS = 60_000
CELLS = 300
PNG = b"\x89PNG\r\n\x1a\n"
TABLES = {"text/csv": ",", "text/tab-separated-values": "\t"}
TEXTS = {"text/plain", "text/markdown", "application/json"}
NOTEBOOKS = {"application/x-ipynb+json"}


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook: what was written, what came out, and the numbers of its pictures."""

    kind: str
    source: str
    outputs: tuple[str, ...] = ()
    pictures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What a page may show of a file; exactly one of its parts is filled, or `why_not`."""

    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    cells: tuple[Cell, ...] = ()
    pictures: tuple[int, ...] = ()
    cut: str = ""
    why_not: str = ""


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


def of(file: File, *, vault: Vault) -> Preview:
    """Return a preview of a file's canonical copy, the same bytes that would leave."""
    if not file.canonical_sha256:
        return Preview(why_not="There is no canonical copy of this file, so it can't leave.")
    if (file.canonical_size_bytes or 0) > READ_BYTES:
        return Preview(why_not=f"No preview: the file has more than {READ_BYTES // 1024**2} MiB.")
    if file.media_type == "image/png":
        return Preview(pictures=(0,))
    if file.media_type not in {*TABLES, *TEXTS, *NOTEBOOKS}:
        return Preview(why_not=f"No preview is made of {file.media_type or 'this type'}.")
    data = vault.read(releases.canonical(file), most_bytes=READ_BYTES)
    text = data.decode("utf-8", errors="replace")
    if file.media_type in TABLES:
        return _table(text, TABLES[file.media_type])
    if file.media_type in NOTEBOOKS:
        return _notebook(data)
    cut = f"The first {TEXT_LETTERS} of {len(text)} characters." if len(text) > TEXT_LETTERS else ""
    return Preview(text=visible(text[:TEXT_LETTERS]), cut=cut)


def picture(file: File, number: int, *, vault: Vault) -> bytes:
    """Return a picture of a file's canonical copy; only a PNG is ever served."""
    data = vault.read(releases.canonical(file), most_bytes=READ_BYTES)
    if file.media_type in NOTEBOOKS:
        found = _pictures(data)
        if not 0 <= number < len(found):
            raise NotFound("The notebook has no such picture.")
        data = found[number]
    elif file.media_type != "image/png" or number != 0:
        raise NotFound("This file is not a picture.")
    if not data.startswith(PNG):
        raise NotFound("This is not a PNG picture, so it is not shown.")
    return data


def visible(text: str) -> str:
    """Return text in which each character that hides or turns others is written out."""
    return "".join(
        letter if letter in "\n\t" or not _hides(letter) else f"[U+{ord(letter):04X}]" for letter in text
    )


def _hides(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _table(text: str, delimiter: str) -> Preview:
    lines: list[tuple[str, ...]] = []
    cut = ""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, row in enumerate(reader):
            if number > ROWS:
                cut = f"The first {ROWS} rows; the file has more."
                break
            if len(row) > COLUMNS:
                cut = f"The first {COLUMNS} columns; the file has more."
            lines.append(tuple(visible(value[:CELL_LETTERS]) for value in row[:COLUMNS]))
    except csv.Error:
        return Preview(text=visible(text[:TEXT_LETTERS]), cut="Shown as text: it can't be read as a table.")
    head, *rows = lines or [()]
    return Preview(head=head, rows=tuple(rows), cut=cut)


def _notebook(data: bytes) -> Preview:
    try:
        notebook = _Notebook.model_validate_json(data)
    except ValidationError:
        return Preview(why_not="No preview: the notebook can't be read.")
    shown: list[Cell] = []
    number = 0
    for cell in notebook.cells[:CELLS]:
        count = sum("image/png" in output.data for output in cell.outputs)
        shown.append(
            Cell(
                kind=visible(cell.cell_type[:20]),
                source=visible(_joined(cell.source)[:TEXT_LETTERS]),
                outputs=tuple(text for text in map(_said, cell.outputs) if text),
                pictures=tuple(range(number, number + count)),
            )
        )
        number += count
    more = len(notebook.cells) > CELLS
    return Preview(cells=tuple(shown), cut=f"The first {CELLS} cells; there are more." if more else "")


def _said(output: _Output) -> str:
    error = f"{output.ename}: {output.evalue}" if output.ename else ""
    plain = _joined(output.data.get("text/plain", ""))
    return visible((_joined(output.text) or plain or error)[:TEXT_LETTERS])


def _pictures(data: bytes) -> list[bytes]:
    try:
        notebook = _Notebook.model_validate_json(data)
    except ValidationError as error:
        raise NotFound("The notebook can't be read.") from error
    found = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.outputs
        if "image/png" in output.data
    ]
    try:
        return [base64.b64decode("".join(_joined(text).split()), validate=True) for text in found]
    except binascii.Error as error:
        raise NotFound("A picture of the notebook can't be read.") from error


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
