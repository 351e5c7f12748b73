"""A sheet of a workbook: cells at places, numbers or text, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from egress_review.screening import numbers, text
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import refuse

NO_NAME = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class Cell:
    """What a cell shows, and whether it is a number to calculate with."""

    shown: str
    number: bool = False

    def clean(self) -> Cell:
        """Return the cell as it may leave: plain, rounded."""
        plain = text.plain(self.shown, multiline=False).strip()
        if numbers.NUMBER.fullmatch(plain):
            return Cell(numbers.rounded(plain), self.number)
        return Cell(numbers.rounded_prose(plain)[0])


@dataclass
class Sheet:
    """A visible sheet; rows and columns of `cells` count from 0."""

    name: str
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)

    def put(self, row: int, column: int, cell: Cell, limits: Limits) -> None:
        """Put a cell at a place; raises Unscreenable for more or longer cells than are looked through."""
        if not cell.shown.strip():
            return
        if len(cell.shown) > limits.cell_characters or len(self.cells) >= limits.table_cells:
            raise refuse(
                "table_size",
                f"A sheet has more than {limits.table_cells:,} cells, or one of over "
                f"{limits.cell_characters} characters.",
                "Hand in an aggregated table.",
            )
        self.cells[row, column] = cell

    def clean(self) -> Sheet:
        """Return the sheet as it may leave: at most one empty row in a row, no empty column, plain cells."""
        kept = {place: cell.clean() for place, cell in self.cells.items()}
        kept = {place: cell for place, cell in kept.items() if cell.shown}
        rows: dict[int, int] = {}
        at, last = -1, -1
        for row in sorted({row for row, _ in kept}):
            at += 2 if rows and row > last + 1 else 1
            rows[row], last = at, row
        columns = {column: number for number, column in enumerate(sorted({column for _, column in kept}))}
        named = text.plain(NO_NAME.sub(" ", self.name), multiline=False).strip()[:31].strip()
        return Sheet(named or "Sheet", {(rows[r], columns[c]): cell for (r, c), cell in kept.items()})

    def rows(self) -> list[tuple[str, ...]]:
        """Return what the cells show, as wide as the widest row."""
        if not self.cells:
            return []
        height = max(row for row, _ in self.cells) + 1
        width = max(column for _, column in self.cells) + 1
        grid = [[""] * width for _ in range(height)]
        for (row, column), cell in self.cells.items():
            grid[row][column] = cell.shown
        return [tuple(row) for row in grid]


def bounded(sheet: Sheet, limits: Limits) -> Sheet:
    """Return the sheet; raises Unscreenable where its used columns are more than are looked through."""
    if len({column for _, column in sheet.cells}) > limits.columns:
        raise refuse(
            "table_size", f"A sheet has over {limits.columns} columns.", "Hand in an aggregated table."
        )
    return sheet
