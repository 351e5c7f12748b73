"""Cases 22 to 28: notebooks that carry more than they show."""

from __future__ import annotations

import base64
import html
import zlib
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_output

from tests.leaks import carry, signal
from tests.leaks.cases_text import lines, rows, sample
from tests.leaks.registry import Make, Submission, leak


def book(*cells: Any, **metadata: Any) -> dict[str, bytes]:
    """Return a notebook of these cells among ordinary ones."""
    return {
        "analysis.ipynb": carry.notebook(
            carry.written("# Error rates\n\nBy region, averaged over speakers."),
            carry.printed("north 0.21\nsouth 0.19\n"),
            *cells,
            **metadata,
        )
    }


def b64(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()


def clip_file(make: Make, form: str = "WAV", seconds: float = 2.0) -> bytes:
    """Return a stretch of a recording as a file of sound."""
    _, samples, rate = make.corpus.clip(make.pick, seconds)
    if form == "OPUS":
        return signal.encoded(samples, rate, "OGG", "OPUS")
    return signal.encoded(samples, rate, form)


@leak(
    22,
    "B",
    "sound as an image output",
    tuning=("wav-as-png",),
    testing=("flac-as-jpeg", "ogg-as-gif", "png-head", "wav-in-jpeg-tail", "mp3-as-webp"),
)
def sound_as_picture(make: Make, how: str) -> Submission:
    """Return a notebook whose picture output is a sound."""
    form = {"flac-as-jpeg": "FLAC", "ogg-as-gif": "OGG", "mp3-as-webp": "MP3"}.get(how, "WAV")
    data = clip_file(make, form)
    kind = {
        "flac-as-jpeg": "jpeg",
        "ogg-as-gif": "gif",
        "mp3-as-webp": "webp",
        "wav-in-jpeg-tail": "jpeg",
    }.get(how, "png")
    if how == "png-head":
        data = b"\x89PNG\r\n\x1a\n" + data
    if how == "wav-in-jpeg-tail":
        data = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + data + b"\xff\xd9"
    return Submission(book(carry.shown({f"image/{kind}": b64(data)})))


@leak(23, "N", "widget state buffers", tuning=("buffers",), testing=("model-values", "controls", "comm-data"))
def widgets(make: Make, how: str) -> Submission:
    """Return a notebook with rows or sound in the saved state of a widget."""
    payload = b64(lines(make).encode()) if how != "buffers" else b64(clip_file(make))
    state: dict[str, Any] = {
        "model_module": "@jupyter-widgets/controls",
        "model_module_version": "2.0.0",
        "model_name": "ImageModel",
        "state": {},
    }
    if how in ("buffers", "comm-data"):
        state["buffers"] = [{"encoding": "base64", "path": ["value"], "data": payload}]
    else:
        state["state"] = {"value": payload, "description": "plot"}
    saved = {
        "application/vnd.jupyter.widget-state+json": {
            "state": {"1f0c": state},
            "version_major": 2,
            "version_minor": 0,
        }
    }
    return Submission(book(widgets=saved), payload[:300].encode())


@leak(
    24, "N", "attachment of a Markdown cell", tuning=("png",), testing=("octets", "unreferenced", "raw-cell")
)
def attachments(make: Make, how: str) -> Submission:
    """Return a notebook with rows attached to a cell."""
    payload = b64(carry.archive({"d.csv": lines(make).encode()}))
    kind = "image/png" if how == "png" else "application/octet-stream"
    text = "See the plot." if how == "unreferenced" else "![plot](attachment:plot.png)"
    cell = carry.written(text, attachments={"plot.png": {kind: payload}})
    if how == "raw-cell":
        cell = nbformat.v4.new_raw_cell("notes", attachments={"plot.png": {kind: payload}})
    return Submission(book(cell), payload.encode())


@leak(
    25,
    "N",
    "blob in metadata",
    tuning=("notebook",),
    testing=("cell", "output", "kernelspec", "cell-ids", "tags", "counts", "signature"),
)
def metadata(make: Make, how: str) -> Submission:
    """Return a notebook with encoded rows in fields that nobody sees."""
    payload = b64(zlib.compress(lines(make).encode()))
    cell = carry.printed("done\n")
    more: dict[str, Any] = {}
    if how == "notebook":
        more = {"papermill": {"state": payload}}
    elif how == "kernelspec":
        more = {"kernelspec": {"display_name": payload, "language": "python", "name": "python3"}}
    elif how == "signature":
        more = {"language_info": {"name": "python", "version": payload, "mimetype": payload}}
    elif how == "cell":
        cell.metadata["state"] = payload
    elif how == "output":
        cell.outputs = [new_output("display_data", data={"text/plain": "1"}, metadata={"state": payload})]
    elif how == "tags":
        cell.metadata["tags"] = [payload[n : n + 40] for n in range(0, len(payload), 40)]
    if how == "cell-ids":
        plain = payload.replace("+", "-").replace("/", "_").replace("=", "")
        ids = [plain[n : n + 60] for n in range(0, len(plain), 60)]
        cells = [carry.written("text", id=part) for part in ids]
        return Submission(book(*cells), ids[0].encode())
    if how == "counts":
        raw = lines(make).encode()[:120]
        cells = [
            new_code_cell("x = 1", execution_count=int.from_bytes(raw[n : n + 4], "big"))
            for n in range(0, len(raw), 4)
        ]
        return Submission(book(*cells), str(cells[3].execution_count).encode())
    return Submission(book(cell, **more), payload[:40].encode())


@leak(
    26,
    "B",
    "first rows of the table as output",
    tuning=("head",),
    testing=(
        "html-only",
        "latex",
        "markdown",
        "transposed",
        "grid",
        "series",
        "polars",
        "widths-cut",
        "json",
    ),
)
def head(make: Make, how: str) -> Submission:
    """Return a notebook that shows a few rows of D."""
    found = sample(make, 5, 6)
    header = list(found[0])
    cut = [{k: str(v)[:14] for k, v in row.items()} for row in found]
    boxed = "\n".join("│ " + " ┆ ".join(str(v) for v in row.values()) + " │" for row in found)
    grid = "+---+\n" + "\n+---+\n".join(
        "| " + " | ".join(str(v) for v in row.values()) + " |" for row in found
    )
    data: dict[str, Any] = {
        "head": {"text/plain": carry.aligned(found), "text/html": carry.hypertext(found)},
        "html-only": {"text/html": f"<div>{carry.hypertext(found)}</div>"},
        "latex": {"text/plain": "table", "text/latex": carry.latex(found)},
        "markdown": {"text/markdown": carry.piped(found)},
        "transposed": {
            "text/plain": "\n".join(f"{name}  " + "  ".join(str(r[name]) for r in found) for name in header)
        },
        "grid": {"text/plain": grid},
        "series": {
            "text/plain": (
                "\n".join(f"{n:<4} {r[header[0]]}" for n, r in enumerate(found))
                + "\nName: recording, dtype: object"
            )
        },
        "polars": {"text/plain": f"shape: (5, {len(header)})\n┌─┐\n{boxed}\n└─┘"},
        "widths-cut": {
            "text/plain": carry.aligned(
                [{**c, "recording": r["recording"]} for c, r in zip(cut, found, strict=True)]
            )
        },
        "json": {"application/json": found, "text/plain": "<IPython.core.display.JSON object>"},
    }[how]
    return Submission(book(carry.shown(data, "df.head()")))


@leak(
    27,
    "B",
    "traceback that holds a row",
    tuning=("key-error",),
    testing=("value-error", "assertion", "locals", "stderr", "warning", "repeated-ids"),
)
def traceback(make: Make, how: str) -> Submission:
    """Return a notebook with an error that quotes a row or an id."""
    row = rows(make, 1, ("recording", "speaker", "seconds", "transcript"))[0]
    others = [r["recording"] for r in rows(make, 4, ("recording",))]
    name, value, trace = {
        "key-error": ("KeyError", repr(row["recording"]), ["Traceback", f"KeyError: {row['recording']!r}"]),
        "value-error": (
            "ValueError",
            f"could not convert {row}",
            ["\x1b[31mValueError\x1b[0m", f"bad item {tuple(row.values())}"],
        ),
        "assertion": ("AssertionError", str(row), [f"assert len(frames) > 3, {row}"]),
        "locals": ("TypeError", "bad operand", [f"    row = {row}", "TypeError: bad operand"]),
    }.get(how, ("", "", []))
    if name:
        output = new_output("error", ename=name, evalue=value, traceback=trace)
    elif how == "warning":
        output = new_output(
            "stream",
            name="stderr",
            text=f"UserWarning: clipped {row['recording']} ({row['seconds']} s)\n  warn(msg)\n",
        )
    elif how == "repeated-ids":
        output = new_output("stream", name="stdout", text="".join(f"skipping {i}\n" for i in others))
    else:
        output = new_output("stream", name="stderr", text=f"Exception ignored in: {row}\n")
    return Submission(book(new_code_cell("train()", outputs=[output])))


@leak(
    28,
    "N",
    "hidden element or comment",
    tuning=("output-comment",),
    testing=(
        "display-none",
        "markdown-comment",
        "template",
        "page",
        "white-on-white",
        "data-attributes",
        "noscript",
        "link-definition",
    ),
)
def hidden(make: Make, how: str) -> Submission:
    """Return a page or notebook with rows where no reader looks."""
    payload = lines(make, 3, 6)
    quoted = html.escape(payload, quote=True)
    parts = {
        "output-comment": f"<!-- {payload} --><b>0.21</b>",
        "display-none": f'<div style="display:none">{quoted}</div><b>0.21</b>',
        "template": f"<template>{quoted}</template><b>0.21</b>",
        "white-on-white": f'<span style="color:#fff;font-size:1px">{quoted}</span><b>0.21</b>',
        "data-attributes": f'<b data-state="{quoted}" title="{quoted}">0.21</b>',
        "noscript": f"<noscript>{quoted}</noscript><b>0.21</b>",
    }
    key = payload.split("\n")[1][:40].strip().encode()
    if how == "markdown-comment":
        return Submission(
            {"report.md": f"# Report\n\n<!--\n{payload}\n-->\nThe rate is 0.21.\n".encode()}, key
        )
    if how == "link-definition":
        return Submission(
            {
                "report.md": (
                    f"# Report\n\nThe rate is 0.21.\n\n[//]: # ({' '.join(payload.split())})\n".encode()
                )
            },
            key,
        )
    if how == "page":
        page = (
            "<!doctype"
            f" html><html><head><title>Report</title></head><body>"
            f"{parts['output-comment']}{parts['display-none']}</body></html>"
        )
        return Submission({"report.html": page.encode()}, key)
    return Submission(book(carry.shown({"text/html": parts[how], "text/plain": "0.21"})), key)
