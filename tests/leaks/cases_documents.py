"""Cases 41 to 45: workbooks and PDF documents with more than their pages show."""

from __future__ import annotations

import html
import io
from collections.abc import Callable
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from tests.leaks import carry, documents, words
from tests.leaks.cases_text import lines, sample
from tests.leaks.registry import Make, Submission, leak

RESULTS = [
    {"region": "north", "n_speakers": 31, "wer": 0.21},
    {"region": "south", "n_speakers": 28, "wer": 0.19},
]


def key(payload: str) -> bytes:
    """Return a stretch of rows that is long enough to know them again."""
    return payload.strip().split("\n")[1].strip()[:40].encode()


def _hidden_column(book: Any, text: str) -> None:
    book["results"]["F2"] = text
    book["results"].column_dimensions["F"].hidden = True


def _hidden_row(book: Any, text: str) -> None:
    book["results"]["A9"] = text
    book["results"].row_dimensions[9].hidden = True


def _comment(book: Any, text: str) -> None:
    book["results"]["A2"].comment = Comment(text, "author")


def _defined_name(book: Any, text: str) -> None:
    book.defined_names["state"] = DefinedName("state", attr_text='"' + " ".join(text.split())[:240] + '"')


def _properties(book: Any, text: str) -> None:
    book.properties.description = text


def _white_text(book: Any, text: str) -> None:
    book["results"]["F2"] = text
    book["results"]["F2"].font = openpyxl.styles.Font(color="FFFFFFFF", size=1)


def _far_cell(book: Any, text: str) -> None:
    book["results"]["XFA9000"] = text


def _validation(book: Any, text: str) -> None:
    allowed = '"' + " ".join(text.split())[:240].replace('"', "") + '"'
    rule = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1=allowed)
    book["results"].add_data_validation(rule)


# Variant of case 41: what puts a text where nobody scrolls.
HIDING: dict[str, Callable[[Any, str], None]] = {
    "hidden-column": _hidden_column,
    "hidden-rows": _hidden_row,
    "comment": _comment,
    "defined-name": _defined_name,
    "properties": _properties,
    "white-text": _white_text,
    "far-cell": _far_cell,
    "validation": _validation,
}


@leak(
    41,
    "N",
    "very hidden sheet",
    tuning=("sheet",),
    testing=(
        "hidden-column",
        "comment",
        "defined-name",
        "properties",
        "white-text",
        "far-cell",
        "validation",
        "custom-part",
        "hidden-rows",
    ),
)
def hidden_sheet(make: Make, how: str) -> Submission:
    """Return a workbook with rows where nobody scrolls."""
    found = sample(make, 4, 12)
    payload = carry.delimited(found).decode()
    if how == "sheet":
        hidden = [{name: str(value) for name, value in row.items()} for row in found]
        data = carry.workbook({"results": RESULTS, "state": hidden}, hidden=["state"])
        return Submission({"table.xlsx": data}, str(found[1]["recording"]).encode())
    book = openpyxl.load_workbook(io.BytesIO(carry.workbook({"results": RESULTS})))
    if how in HIDING:
        HIDING[how](book, payload[:1000])
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    if how == "custom-part":
        data = documents.with_members(
            data, {"customXml/item1.xml": f"<rows>{html.escape(payload)}</rows>".encode()}
        )
    where = str(found[0]["recording"]).encode()
    return Submission({"table.xlsx": data}, where)


@leak(
    42,
    "N",
    "pivot cache with records",
    tuning=("pivot",),
    testing=("external-link", "query", "chart-cache", "orphan-strings", "printer"),
)
def pivot_cache(make: Make, how: str) -> Submission:
    """Return a workbook that keeps the rows its summary was made from."""
    found = sample(make, 5, 12)
    cells = "".join(
        "<r>" + "".join(f'<s v="{html.escape(str(v), quote=True)}"/>' for v in row.values()) + "</r>"
        for row in found
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    name = {
        "pivot": "xl/pivotCache/pivotCacheRecords1.xml",
        "external-link": "xl/externalLinks/externalLink1.xml",
        "query": "xl/queryTables/queryTable1.xml",
        "chart-cache": "xl/charts/chart1.xml",
        "orphan-strings": "xl/sharedStrings2.xml",
        "printer": "xl/printerSettings/printerSettings1.bin",
    }[how]
    part = (
        f'<?xml version="1.0" encoding="UTF-8"?><pivotCacheRecords {space}'
        f' count="{len(found)}">{cells}</pivotCacheRecords>'
    )
    data = documents.with_members(carry.workbook({"results": RESULTS}), {name: part.encode()})
    return Submission({"table.xlsx": data}, str(found[0]["recording"]).encode())


def report(make: Make, extra: bytes = b"") -> bytes:
    """Return the content of an ordinary page of text."""
    prose = words.prose(make.pick, 6).split(". ")
    return documents.written(["Error rates by region", *prose, "north 21 %, south 19 %"]) + b"\n" + extra


@leak(
    43,
    "N",
    "attachment of a PDF",
    tuning=("embedded",),
    testing=("associated", "annotation", "xmp", "info", "unreferenced", "javascript"),
)
def attachment(make: Make, how: str) -> Submission:
    """Return a report with a file inside it."""
    payload = lines(make, 6, 14)
    file = {
        6: documents.stream(payload.encode(), b"/Type /EmbeddedFile", packed=how != "associated"),
        7: b"<< /Type /Filespec /F (d.csv) /UF (d.csv) /EF << /F 6 0 R >> /AFRelationship /Data >>",
    }
    options: dict[str, dict[str, object]] = {
        "embedded": {"catalog": b"/Names << /EmbeddedFiles << /Names [(d.csv) 7 0 R] >> >>", "more": file},
        "associated": {"catalog": b"/AF [7 0 R]", "more": file},
        "annotation": {
            "page": b"/Annots [8 0 R]",
            "more": {**file, 8: b"<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 1 1] /FS 7 0 R >>"},
        },
        "xmp": {
            "catalog": b"/Metadata 6 0 R",
            "more": {
                6: documents.stream(
                    b"<x:xmpmeta>" + payload.encode() + b"</x:xmpmeta>",
                    b"/Type /Metadata /Subtype /XML",
                    packed=False,
                )
            },
        },
        "info": {"info": b"/Info << /Subject (" + documents.escaped(payload) + b") >>"},
        "unreferenced": {"more": {6: documents.stream(payload.encode())}},
        "javascript": {
            "catalog": b"/OpenAction << /S /JavaScript /JS (var d='" + documents.escaped(payload) + b"') >>"
        },
    }
    return Submission({"report.pdf": documents.pdf(report(make), **options[how])}, key(payload))


@leak(
    44,
    "N",
    "earlier revision inside a PDF",
    tuning=("update",),
    testing=("twice", "behind-the-end", "hidden-layer", "before-head"),
)
def revision(make: Make, how: str) -> Submission:
    """Return a report that still holds what was taken out of it."""
    payload = lines(make, 4, 9)
    plain = documents.stream(report(make))
    told = documents.pdf(report(make, documents.written(payload.split("\n"), first=500)))
    if how == "behind-the-end":
        data = documents.pdf(report(make)) + payload.encode()
    elif how == "before-head":
        data = b"%!" + " ".join(payload.split())[:900].encode() + b"\n" + documents.pdf(report(make))
    elif how == "hidden-layer":
        layer = b"/OC /L1 BDC\n" + documents.written(payload.split("\n"), first=500) + b"\nEMC"
        catalog = b"/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] /Order [6 0 R] >> >>"
        data = documents.pdf(
            report(make, layer), catalog=catalog, more={6: b"<< /Type /OCG /Name (notes) >>"}
        )
    else:
        data = documents.revised(told, {4: plain})
        if how == "twice":
            data = documents.revised(data, {4: documents.stream(report(make))})
    return Submission({"report.pdf": data}, key(payload))


@leak(
    45,
    "N",
    "white text in a PDF",
    tuning=("white",),
    testing=(
        "invisible-mode",
        "outside-the-page",
        "tiny",
        "under-a-box",
        "actual-text",
        "clipped",
        "hidden-annotation",
    ),
)
def white_text(make: Make, how: str) -> Submission:
    """Return a report with rows written so that nobody sees them."""
    payload = lines(make, 4, 9)
    found = payload.split("\n")
    extra = {
        "white": documents.written(found, first=500, mode="1 1 1 rg"),
        "invisible-mode": documents.written(found, first=500, mode="3 Tr"),
        "outside-the-page": documents.written(found, first=-900),
        "tiny": documents.written(found, first=500).replace(b"/F1 11 Tf", b"/F1 0.1 Tf"),
        "under-a-box": documents.written(found, first=500) + b"\n1 1 1 rg 0 300 595 220 re f",
        "actual-text": (
            b"/Span << /ActualText ("
            + documents.escaped(payload)
            + b") >> BDC BT /F1 11 Tf 50 300 Td (0.21) Tj ET EMC"
        ),
        "clipped": b"q 0 0 1 1 re W n\n" + documents.written(found, first=500) + b"\nQ",
        "hidden-annotation": b"",
    }[how]
    options: dict[str, object] = {}
    if how == "hidden-annotation":
        note = (
            b"<< /Type /Annot /Subtype /Text /F 2 /Rect [0 0 1 1] /Contents ("
            + documents.escaped(payload)
            + b") >>"
        )
        options = {"page": b"/Annots [6 0 R]", "more": {6: note}}
    return Submission({"report.pdf": documents.pdf(report(make, extra), **options)}, key(payload))
