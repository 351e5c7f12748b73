"""Tables: read strictly, written back without formulas or needless digits."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from egress_review.screening import numbers, text
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, note, refuse

# The full-width forms run, too, where a spreadsheet is set up for East Asian input.
FORMULA = ("=", "+", "-", "@", "\t", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
WITHIN = re.compile(r"([;\t|]\s*)(?=[=@\uff1d\uff20])")
LONG_WHOLE = re.compile(r"(?<![\w.\-])\d{15,}(?![\w.\-])")  # no result has as many digits


@dataclass(frozen=True)
class Table:
    """A table as text: its header, its rows (as wide as the header), and where it stands in the file."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    where: str = ""
    first_line: int = 1

    def column(self, number: int) -> tuple[str, ...]:
        """Return the cells of a column, counted from 0, without its header."""
        return tuple(row[number] for row in self.rows)

    def place(self, row: int, column: int | None = None) -> str:
        """Return the words for a cell; `row` counts from 0 below the header."""
        words = (
            f"row {row + 1}"
            if column is None
            else f"row {row + 1}, column {self.header[column] or column + 1}"
        )
        return f"{self.where}, {words}" if self.where else words


def parse(content: str, delimiter: str, limits: Limits) -> Table:
    """Return the table in a text; raises Unscreenable where rows differ in width or exceed limits."""
    csv.field_size_limit(limits.cell_characters)
    reader = csv.reader(io.StringIO(content), delimiter=delimiter, strict=True)
    rows: list[tuple[str, ...]] = []
    cells = 0
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            cells += len(row)
            if len(row) > limits.columns or cells > limits.table_cells:
                raise refuse(
                    "table_size",
                    f"The table has more than {limits.columns} columns or {limits.table_cells:,} cells.",
                    "Hand in an aggregated table.",
                    f"line {reader.line_num}",
                )
            rows.append(tuple(row))
    except csv.Error as error:
        raise refuse(
            "table",
            f"The table can't be read: {error}.",
            f"Write it with a CSV library; at most {limits.cell_characters} characters a cell.",
            f"line {reader.line_num}",
        ) from error
    return _checked(rows)


def _checked(rows: list[tuple[str, ...]]) -> Table:
    if not rows:
        raise refuse("table", "The table is empty.", "Leave it out.")
    width = len(rows[0])
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != width:
            raise refuse(
                "table",
                f"Row {number} has {len(row)} cells, the header has {width}.",
                "Give each row the same number of cells; notes belong into a text file.",
                f"row {number}",
            )
    return Table(rows[0], tuple(rows[1:]))


def delimiter_of(content: str, suffix: str) -> str:
    """Return the character between cells: as the suffix says, or ";" where the header has no comma."""
    if suffix == ".tsv":
        return "\t"
    first = content.split("\n", 1)[0]
    return ";" if ";" in first and "," not in first else ","


def rebuild(table: Table, delimiter: str) -> tuple[str, list[Finding]]:
    """Return the canonical text of a table: plain cells, formulas made text, numbers rounded."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    formulas = shortened = 0
    for row in (table.header, *table.rows):
        cells = []
        for cell in row:
            clean = text.plain(cell, multiline=False).strip()
            harmless = neutral(clean)
            formulas += harmless != clean
            short = _rounded_cell(harmless)
            shortened += short != harmless
            cells.append(short)
        # Of a row without any visible character nothing is left.
        if any(cells):
            writer.writerow(cells)
    findings = []
    if formulas:
        findings.append(
            note("formulas", f"{formulas} cells a spreadsheet would run as formulas were made text.")
        )
    if shortened:
        findings.append(
            note("numbers", f"{numbers.counted(shortened)} rounded to {Limits.significant_digits} digits.")
        )
    return out.getvalue(), findings


def _rounded_cell(cell: str) -> str:
    if numbers.NUMBER.fullmatch(cell):
        return numbers.plain(numbers.rounded(cell))
    return LONG_WHOLE.sub(lambda match: numbers.rounded(match.group()), numbers.rounded_prose(cell)[0])


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers with a sign stay numbers."""
    if (
        cell.startswith(FORMULA)
        and not numbers.NUMBER.fullmatch(cell.rstrip("% "))
        and cell not in ("-", "--", "%")
    ):
        return f"'{cell}"
    # Where a spreadsheet parts cells at another sign, what stands behind it is a cell of its own.
    return WITHIN.sub(r"\1'", cell)
