"""Excel's workbooks: read from the sheets' XML alone, written with values and nothing else."""

from __future__ import annotations

import datetime
import posixpath
import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from egress_review.screening.carriers import xml, zips
from egress_review.screening.carriers.sheets import Cell, Sheet, bounded
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Unscreenable, refuse

PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Number formats that show days or times: the built-in ones, and any pattern with their letters.
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
DATE_PATTERN = re.compile(r"[dmyhs]", re.IGNORECASE)
NO_PATTERN = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
FIRST_DAY = datetime.datetime(1899, 12, 30, tzinfo=datetime.UTC)
LAST_DAY = 2_958_465
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
AGAIN = "Save the workbook again as .xlsx, or hand in each sheet as CSV."


class _Book:
    """The members of a workbook that are read, each once, under one bound."""

    def __init__(self, archive: zips.Archive, limits: Limits) -> None:
        self.archive = archive
        self.limits = limits
        self.left = limits.archive_bytes
        self.entries = {entry.name.lstrip("/"): entry for entry in archive.entries}
        if len(self.entries) != len(archive.entries):
            raise broken("two of its members have one name")

    def read(self, name: str) -> Element | None:
        """Return the root of a member, None where there is none of that name."""
        entry = self.entries.get(name)
        if entry is None:
            return None
        content = self.archive.read(entry, self.left, self.limits)
        self.left -= len(content)
        return xml.parse(content)

    def needed(self, name: str) -> Element:
        """Return the root of a member; raises Unscreenable where there is none."""
        root = self.read(name)
        if root is None:
            raise broken("a part of it is missing")
        return root


def broken(why: str) -> Unscreenable:
    """Return the error for a workbook that breaks its format."""
    return refuse("workbook", f"The workbook can't be read: {why}.", AGAIN)


def read(archive: zips.Archive, limits: Limits) -> tuple[list[Sheet], int]:
    """Return the visible sheets, and how many are hidden; raises Unscreenable for what can't be read."""
    book = _Book(archive, limits)
    root = book.needed("xl/workbook.xml")
    relations = book.needed("xl/_rels/workbook.xml.rels")
    targets = {xml.attribute(link, "Id"): link for link in xml.every(relations, "Relationship")}
    shared = [_said(item) for item in xml.every(book.read("xl/sharedStrings.xml") or Element("none"), "si")]
    dates = _date_styles(book.read("xl/styles.xml"))
    sheets: list[Sheet] = []
    hidden = 0
    for entry in xml.every(root, "sheet"):
        if entry.get("state", "visible") != "visible":
            hidden += 1
            continue
        link = targets.get(xml.attribute(entry, "id"))
        if link is None or len(sheets) >= limits.sheets:
            raise broken("a sheet is missing, or there are too many")
        if not link.get("Type", "").endswith("/worksheet"):
            continue
        target = link.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        sheet = Sheet(entry.get("name", ""))
        _fill(sheet, book.needed(path), shared, dates, limits)
        sheets.append(bounded(sheet, limits))
    return sheets, hidden


def _said(item: Element) -> str:
    """Return the text of a shared or inline string, without the marks above it that say how to read it."""
    found: list[str] = []
    for child in item:
        kind = xml.name(child)
        if kind == "t":
            found.append(child.text or "")
        elif kind == "r":
            found += [part.text or "" for part in child if xml.name(part) == "t"]
    return ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), "".join(found))


def _date_styles(styles: Element | None) -> set[int]:
    """Return the numbers of the cell styles that show a number as a day or a time."""
    if styles is None:
        return set()
    shown = set(DATE_FORMATS)
    for form in xml.every(styles, "numFmt"):
        if DATE_PATTERN.search(NO_PATTERN.sub("", form.get("formatCode", ""))):
            shown.add(_whole(form.get("numFmtId", "")))
    for formats in xml.every(styles, "cellXfs"):
        return {n for n, form in enumerate(formats) if _whole(form.get("numFmtId", "0")) in shown}
    return set()


def _whole(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 10 else -1


def _fill(sheet: Sheet, root: Element, shared: Sequence[str], dates: set[int], limits: Limits) -> None:
    row = -1
    for line in xml.every(root, "row"):
        row = _whole(line.get("r", "")) - 1 if line.get("r") else row + 1
        column = -1
        for cell in line:
            place = PLACE.fullmatch(cell.get("r", ""))
            column = _column(place.group(1)) if place else column + 1
            if row < 0:
                raise broken("a row has no number")
            sheet.put(row, column, _cell(cell, shared, dates), limits)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(cell: Element, shared: Sequence[str], dates: set[int]) -> Cell:
    kind = cell.get("t", "n")
    value = next((child.text or "" for child in cell if xml.name(child) == "v"), "")
    if kind == "inlineStr":
        return Cell("".join(_said(child) for child in cell if xml.name(child) == "is"))
    if kind == "s":
        number = _whole(value)
        if not 0 <= number < len(shared):
            raise broken("a cell points at a text that does not exist")
        return Cell(shared[number])
    if kind == "b":
        return Cell("TRUE" if value == "1" else "FALSE")
    if kind == "n" and _whole(cell.get("s", "0")) in dates:
        return Cell(_day(value))
    return Cell(value, kind == "n")


def _day(value: str) -> str:
    try:
        days = float(value)
    except ValueError:
        return value
    if not 0 <= days <= LAST_DAY:
        return value
    moment = FIRST_DAY + datetime.timedelta(seconds=round(days * 86400))
    if days < 1:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if days == int(days) else f"{moment:%Y-%m-%d %H:%M:%S}"


def written(sheets: Sequence[Sheet]) -> bytes:
    """Return a workbook of sheets: values alone, no style, no property, no date."""
    names: dict[str, str] = {}
    for number, sheet in enumerate(sheets, start=1):
        name = sheet.name
        if name.casefold() in names:
            name = f"{name[:24]} {number}"
        names[name.casefold()] = name
    files = [f"xl/worksheets/sheet{number}.xml" for number in range(1, len(sheets) + 1)]
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    members = {
        "[Content_Types].xml": _types(files),
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="{path[3:]}"/>'
            for number, path in enumerate(files, start=1)
        )
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(names.values(), start=1)
        )
        + "</sheets></workbook>",
        **{path: "".join(_sheet(sheet)) for path, sheet in zip(files, sheets, strict=True)},
    }
    return zips.written((name, (head + content).encode()) for name, content in members.items())


def _types(files: Sequence[str]) -> str:
    sheets = "".join(
        f'<Override PartName="/{path}" ContentType="{SHEET_TYPE}.worksheet+xml"/>' for path in files
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>{sheets}</Types>'
    )


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f'<worksheet xmlns="{MAIN}"><sheetData>'
    row = -1
    for (at, column), cell in sorted(sheet.cells.items(), key=lambda item: item[0]):
        if at != row:
            yield ("</row>" if row >= 0 else "") + f'<row r="{at + 1}">'
            row = at
        place = f"{_letters(column)}{at + 1}"
        if cell.number:
            yield f'<c r="{place}"><v>{escape(cell.shown)}</v></c>'
        else:
            said = ESCAPED.sub(lambda match: f"_x005F_x{match.group(1)}_", cell.shown)
            yield f'<c r="{place}" t="inlineStr"><is><t>{escape(said)}</t></is></c>'
    yield ("</row>" if row >= 0 else "") + "</sheetData></worksheet>"


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
