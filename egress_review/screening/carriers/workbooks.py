"""Workbooks: the cells of visible sheets; everything else in the file, seen or hidden, stays behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from egress_review.screening.carriers import ods, xlsx, zips
from egress_review.screening.carriers.columns_text import words_of
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.carriers.sheets import Sheet
from egress_review.screening.kinds import WORKBOOK
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Part, Text
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, note, refuse

# What a workbook needs to show its cells; all other members are left out, and named by these words.
NEEDED = ("[content_types].xml", "_rels/", "xl/workbook.xml", "xl/worksheets/", "xl/styles.xml", "xl/theme/")
ALSO_NEEDED = ("xl/sharedstrings.xml", "xl/_rels/", "docprops/", "content.xml", "styles.xml", "meta.xml")
OF_ODS = ("settings.xml", "manifest.rdf", "mimetype", "meta-inf/", "thumbnails/", "configurations2/")
LEFT_OUT = {
    "pivot": "pivot tables with their records",
    "comment": "comments",
    "vba": "macros",
    "externallink": "links to other workbooks",
    "media": "pictures",
    "chart": "charts",
    "drawing": "drawings",
    "customxml": "custom XML",
    "embedding": "embedded files",
    "printersettings": "printer settings",
}


def open(data: bytes, limits: Limits) -> Opened:
    """Return the tables and words of the visible sheets; raises Unscreenable for broken or endless ones."""
    archive = zips.read(data, limits)
    names = {entry.name for entry in archive.entries}
    sheets, hidden = (ods if "content.xml" in names else xlsx).read(archive, limits)
    if not any(sheet.cells for sheet in sheets):
        raise refuse("workbook", "No visible sheet of this workbook holds a cell.", "Leave the file out.")
    clean = [sheet.clean() for sheet in sheets]
    parts: list[Part] = [part for sheet in clean for part in _parts(sheet)]
    parts.append(Text("\n".join(sheet.name for sheet in clean), "names of sheets"))
    parts += zips.kept_inside(archive, limits.archive_bytes, limits)
    findings = tuple(_left_out(names, hidden, archive))
    return Opened(tuple(parts), xlsx.written(clean), WORKBOOK, findings)


def _left_out(names: Iterable[str], hidden: int, archive: zips.Archive) -> Iterator[Finding]:
    if hidden:
        yield note("workbook_hidden", f"{hidden} hidden sheets were left out.")
    usual = (*NEEDED, *ALSO_NEEDED, *OF_ODS)
    said: dict[str, int] = {}
    for name in names:
        lower = name.lower()
        what = next((words for part, words in LEFT_OUT.items() if part in lower), "")
        if what or not lower.startswith(usual):
            said[what or "other members"] = said.get(what or "other members", 0) + 1
    for what, count in sorted(said.items()):
        yield note("workbook_rebuilt", f"Left out of the copy that leaves: {what} ({count}).")
    if archive.findings:
        yield note("workbook_rebuilt", "Comments and extra fields of the file's container were left out.")


def _parts(sheet: Sheet) -> Iterator[Part]:
    """Yield a sheet's tables, one for each run of rows without an empty one between, and its words."""
    rows = sheet.rows()
    for empty, run in groupby(rows, key=lambda row: not any(row)):
        block = list(run)
        # A title stands in one cell above a table's header.
        while len(block) > 2 and sum(map(bool, block[0])) == 1 and sum(map(bool, block[1])) > 1:
            block.pop(0)
        used = [number for number in range(len(block[0])) if any(row[number] for row in block)]
        cells = [tuple(row[number] for number in used) for row in block]
        if not empty and len(cells) > 1 and used:
            yield Table(cells[0], tuple(cells[1:]), f"sheet {sheet.name}")
    said = words_of((), tuple(rows))
    if said:
        yield Text(said, f"sheet {sheet.name}, cells")
