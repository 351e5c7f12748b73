"""Puts rows and text into carriers: the formats in which a table or a page can be handed in."""

from __future__ import annotations

import csv
import html
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import nbformat
import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

Rows = Sequence[Mapping[str, object]]


def delimited(rows: Rows, delimiter: str = ",") -> bytes:
    """Return rows as delimited text with a header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def aligned(rows: Rows) -> str:
    """Return rows as pandas prints a data frame."""
    header = list(rows[0])
    cells = [[str(row[name]) for name in header] for row in rows]
    widths = [max(len(name), *(len(line[n]) for line in cells)) for n, name in enumerate(header)]
    lines = ["    " + "  ".join(name.rjust(width) for name, width in zip(header, widths, strict=True))]
    for number, line in enumerate(cells):
        lines.append(
            f"{number:<4}" + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        )
    return "\n".join(lines)


def piped(rows: Rows) -> str:
    """Return rows as a Markdown table."""
    header = list(rows[0])
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(row[name]) for name in header) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def latex(rows: Rows) -> str:
    """Return rows as a LaTeX tabular with rules."""
    header = list(rows[0])
    body = [" & ".join(str(row[name]).replace("_", "\\_") for name in header) + " \\\\" for row in rows]
    head = " & ".join(name.replace("_", "\\_") for name in header) + " \\\\"
    return "\n".join(
        [
            "\\begin{tabular}{" + "l" * len(header) + "}",
            "\\toprule",
            head,
            "\\midrule",
            *body,
            "\\bottomrule",
            "\\end{tabular}",
            "",
        ]
    )


def hypertext(rows: Rows) -> str:
    """Return rows as an HTML table, as pandas writes it."""
    header = list(rows[0])
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(row[name]))}</td>" for name in header) + "</tr>\n"
        for row in rows
    )
    return (
        '<table border="1"'
        f' class="dataframe">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n'
    )


def yaml(rows: Rows) -> str:
    """Return rows as a YAML list of maps."""
    lines = []
    for row in rows:
        for number, (name, value) in enumerate(row.items()):
            lines.append(f"{'- ' if number == 0 else '  '}{name}: {value}")
    return "\n".join(lines) + "\n"


def workbook(sheets: Mapping[str, Rows], *, hidden: Sequence[str] = ()) -> bytes:
    """Return a workbook with a sheet for each name; those in `hidden` are very hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        sheet.sheet_state = "veryHidden" if name in hidden else "visible"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(rows: Rows, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return rows as Parquet, with key-value metadata where given."""
    table = pyarrow.Table.from_pylist([dict(row) for row in rows])
    if metadata:
        table = table.replace_schema_metadata(dict(metadata))
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    return out.getvalue()


def archive(members: Mapping[str, bytes], comment: bytes = b"") -> bytes:
    """Return a ZIP of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
        opened.comment = comment
    return out.getvalue()


def notebook(*cells: Any, **metadata: Any) -> bytes:
    """Return a notebook as bytes."""
    return nbformat.writes(new_notebook(cells=list(cells), metadata=metadata)).encode()


def printed(text: str, source: str = "print(result)") -> Any:
    """Return a code cell that printed a text."""
    return new_code_cell(source, outputs=[new_output("stream", name="stdout", text=text)])


def shown(data: Mapping[str, Any], source: str = "result") -> Any:
    """Return a code cell that shows an output."""
    return new_code_cell(source, outputs=[new_output("display_data", data=dict(data))])


def written(text: str, **fields: Any) -> Any:
    """Return a Markdown cell."""
    return new_markdown_cell(text, **fields)


def npy(values: np.ndarray) -> bytes:
    """Return an array as NumPy's own file."""
    out = io.BytesIO()
    np.save(out, values, allow_pickle=False)
    return out.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """Return arrays as NumPy's archive."""
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def safetensors(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return arrays as safetensors: a header of JSON, then the bytes of all."""
    names = {"float16": "F16", "float32": "F32", "float64": "F64", "int64": "I64", "int32": "I32"}
    head: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    body = b""
    for name, values in tensors.items():
        data = np.ascontiguousarray(values).tobytes()
        head[name] = {
            "dtype": names[str(values.dtype)],
            "shape": list(values.shape),
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


# Carriers of rows: a file's name and how rows become its bytes.
TABLES: dict[str, tuple[str, Callable[[Rows], bytes]]] = {
    "csv": ("results.csv", delimited),
    "semicolons": ("results.csv", lambda rows: delimited(rows, ";")),
    "tsv": ("results.tsv", lambda rows: delimited(rows, "\t")),
    "records": ("results.json", lambda rows: json.dumps(list(rows), indent=1).encode()),
    "columns": (
        "results.json",
        lambda rows: json.dumps({name: [row[name] for row in rows] for name in rows[0]}).encode(),
    ),
    "lines": ("results.jsonl", lambda rows: "".join(json.dumps(dict(row)) + "\n" for row in rows).encode()),
    "markdown": ("results.md", lambda rows: ("# Results\n\n" + piped(rows)).encode()),
    "latex": ("results.tex", lambda rows: latex(rows).encode()),
    "yaml": ("results.yaml", lambda rows: yaml(rows).encode()),
    "html": ("results.html", lambda rows: f"<html><body>{hypertext(rows)}</body></html>".encode()),
    "workbook": ("results.xlsx", lambda rows: workbook({"results": rows})),
    "parquet": ("results.parquet", parquet),
    "notebook": ("results.ipynb", lambda rows: notebook(printed(aligned(rows)))),
    "zip": ("results.zip", lambda rows: archive({"data/results.csv": delimited(rows)})),
    "log": ("run.log", lambda rows: aligned(rows).encode()),
    "prose": (
        "notes.txt",
        lambda rows: "".join(f"{', '.join(map(str, row.values()))}.\n" for row in rows).encode(),
    ),
}


def table(rows: Rows, carrier: str) -> dict[str, bytes]:
    """Return rows in a carrier, under the name that fits it."""
    name, write = TABLES[carrier]
    return {name: write(rows)}
