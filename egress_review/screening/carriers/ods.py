"""OpenDocument's sheets: their cells, with repeats spelled out under bounds."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from egress_review.screening.carriers import xml, zips
from egress_review.screening.carriers.sheets import Cell, Sheet, bounded
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import refuse

AGAIN = "Save the workbook as .xlsx, or hand in each sheet as CSV."


def read(archive: zips.Archive, limits: Limits) -> tuple[list[Sheet], int]:
    """Return the visible sheets, and how many are hidden; raises Unscreenable for what can't be read."""
    entries = {entry.name: entry for entry in archive.entries}
    root = xml.parse(archive.read(entries["content.xml"], limits.archive_bytes, limits))
    invisible = {
        xml.attribute(style, "name")
        for style in xml.every(root, "style")
        for properties in style
        if xml.attribute(properties, "display") == "false"
    }
    tables = list(xml.every(root, "table"))
    if len(tables) > limits.sheets:
        raise refuse("workbook", f"The workbook has over {limits.sheets} sheets.", AGAIN)
    shown = [table for table in tables if xml.attribute(table, "style-name") not in invisible]
    return [bounded(_sheet(table, limits), limits) for table in shown], len(tables) - len(shown)


def _sheet(table: Element, limits: Limits) -> Sheet:
    sheet = Sheet(xml.attribute(table, "name"))
    at = 0
    for row in xml.every(table, "table-row"):
        times = _times(row, "number-rows-repeated")
        cells = _cells(row, limits)
        # Empty rows are repeated to the end of the sheet; only those with cells are spelled out.
        for repeat in range(times if cells else 0):
            for column, cell in cells:
                sheet.put(at + repeat, column, cell, limits)
        at += times
    return sheet


def _cells(row: Element, limits: Limits) -> list[tuple[int, Cell]]:
    found: list[tuple[int, Cell]] = []
    at = 0
    for element in row:
        if xml.name(element) not in ("table-cell", "covered-table-cell"):
            continue
        times = _times(element, "number-columns-repeated")
        cell = _cell(element)
        if cell.shown.strip():
            if times > limits.columns:
                raise refuse("table_size", f"A sheet has over {limits.columns} columns.", AGAIN)
            found += [(at + repeat, cell) for repeat in range(times)]
        at += times
    return found


def _times(element: Element, repeated: str) -> int:
    digits = xml.attribute(element, repeated) or "1"
    if not digits.isdecimal() or len(digits) > 7:
        raise refuse("workbook", "The workbook can't be read: a repeat is no number.", AGAIN)
    return int(digits)


def _cell(element: Element) -> Cell:
    kind = xml.attribute(element, "value-type")
    if kind in ("float", "percentage", "currency"):
        return Cell(xml.attribute(element, "value"), True)
    if kind == "date":
        return Cell(xml.attribute(element, "date-value"))
    lines = [xml.words(child) for child in element if xml.name(child) == "p"]
    return Cell(" ".join(lines))
