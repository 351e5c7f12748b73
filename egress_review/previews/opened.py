"""Previews of what is not text: each is read in a process of its own, with limits, that ends afterwards."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterable, Iterator
from math import log10
from typing import Any

from egress_review.previews.shown import Lines, Picture, Shown, Sound, Table, cell, label, pages_of

ROWS = 200
COLUMNS = 60
PAGE_PIXELS = 1_400
LISTED = 500
HEX_BYTES = 1_024
SOUND_BYTES = 8 * 1024**2
WIDTH, HEIGHT = 900, 160
QUIETEST = -90.0


def pdf(data: bytes, page: int) -> Shown:
    """Return a page of a PDF as a picture."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    pages = len(document)
    page = min(page, pages)
    found = document[page - 1]
    scale = min(3.0, PAGE_PIXELS / max(found.get_width(), found.get_height(), 1))
    png = _png(found.render(scale=scale).to_pil())
    return Shown(pictures=(Picture(png, f"Page {page}", f"page-{page}"),), page=page, pages=pages)


def workbook(data: bytes, page: int) -> Shown:
    """Return a sheet of a workbook; each sheet is a page."""
    from egress_review.screening.carriers import xlsx, zips
    from egress_review.screening.limits import Limits

    sheets, _ = xlsx.read(zips.read(data, Limits()), Limits())
    page = min(page, len(sheets))
    sheet = sheets[page - 1]
    head, *rows = sheet.rows() or [()]
    cut = f"The first {ROWS} of {len(rows)} rows." if len(rows) > ROWS else ""
    shown = Table(_cells(head), tuple(map(_cells, rows[:ROWS])), title=f"Sheet {label(sheet.name)}")
    return Shown(tables=(shown,), page=page, pages=len(sheets), cut=cut)


def columns(data: bytes, page: int) -> Shown:
    """Return a page of rows of a Parquet file."""
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(data))
    pages = pages_of(table.num_rows, ROWS)
    page = min(page, pages)
    rows = table.slice((page - 1) * ROWS, ROWS).select(range(min(COLUMNS, table.num_columns))).to_pylist()
    head = tuple(cell(f"{field.name} ({field.type})") for field in list(table.schema)[:COLUMNS])
    cut = f"The first {COLUMNS} of {table.num_columns} columns." if table.num_columns > COLUMNS else ""
    shown = Table(head, tuple(_cells(row.values()) for row in rows), first=(page - 1) * ROWS + 1)
    return Shown(tables=(shown,), page=page, pages=pages, cut=cut)


def arrays(data: bytes, page: int) -> Shown:
    """Return the arrays of a .npy or .npz: shapes and ranges, then the first values of one a page."""
    import numpy as np

    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    named = {"array": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded}
    facts = [_facts(name, np.asarray(values)) for name, values in list(named.items())[:LISTED]]
    overview = Table(("array", "shape", "type", "least", "mean", "most"), tuple(facts), what="array")
    page = min(page, len(named) + 1)
    if page == 1:
        return Shown(tables=(overview,), pages=len(named) + 1, cut="Each array's first values: next pages.")
    name, values = list(named.items())[page - 2]
    flat = np.atleast_2d(np.asarray(values))
    rows = flat.reshape(-1, flat.shape[-1])[:ROWS, :COLUMNS]
    head = tuple(str(number) for number in range(rows.shape[1]))
    shown = Table(head, tuple(_cells(row) for row in rows.tolist()), title=f"Array {label(name)}")
    return Shown(tables=(shown,), page=page, pages=len(named) + 1, cut=f"At most {ROWS} × {COLUMNS} values.")


def tensors(data: bytes, page: int) -> Shown:
    """Return a page of a safetensors file's list of tensors; no value is shown."""
    length = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    rows = [
        _cells((name, entry["dtype"], "×".join(map(str, entry["shape"])) or "one number", _span(entry)))
        for name, entry in sorted(header.items())
        if name != "__metadata__"
    ]
    pages = pages_of(len(rows), ROWS)
    page = min(page, pages)
    first = (page - 1) * ROWS
    head = ("tensor", "type", "shape", "bytes")
    shown = Table(head, tuple(rows[first : first + ROWS]), first=first + 1, what="tensor")
    return Shown(tables=(shown,), page=page, pages=pages)


def sound(data: bytes, page: int) -> Shown:
    """Return how loud each second of a WAV is, its drawing, and the sound itself if it is short."""
    import numpy as np

    with wave.open(io.BytesIO(data)) as opened:
        rate, channels, width = opened.getframerate(), opened.getnchannels(), opened.getsampwidth()
        raw = opened.readframes(opened.getnframes())
    kinds: dict[int, Any] = {1: np.uint8, 2: np.dtype("<i2"), 4: np.dtype("<i4")}
    samples = np.frombuffer(raw, kinds[width]).reshape(-1, channels).astype(np.float64).mean(axis=1)
    level = (samples - 128 if width == 1 else samples) / float(2 ** (8 * width - 1))
    seconds = [level[at : at + rate] for at in range(0, len(level), rate)]
    pages = pages_of(len(seconds), LISTED)
    page = min(page, pages)
    first = (page - 1) * LISTED
    rows = tuple((f"{_decibels(part):.1f} dB",) for part in seconds[first : first + LISTED])
    facts = f"{len(level) / rate:.1f} seconds, {rate} Hz, {channels} channel{'s' if channels > 1 else ''}"
    played = (Sound(data, facts),) if len(data) <= SOUND_BYTES else ()
    return Shown(
        tables=(Table(("level",), rows, first=first, title=facts, what="second"),),
        pictures=(Picture(_drawn(level), f"Loudness over time: {facts}"),),
        sounds=played,
        page=page,
        pages=pages,
        cut="" if played else "Too long to be played here.",
    )


def opaque(data: bytes, page: int) -> Shown:
    """Return the first bytes of a file that no reader knows."""
    head = data[:HEX_BYTES]
    lines = tuple(
        f"{at:06x}  {head[at : at + 16].hex(' '):<47}  {_letters(head[at : at + 16])}"
        for at in range(0, len(head), 16)
    )
    return Shown(lines=Lines(lines), cut=f"The first {len(head)} of {len(data)} bytes.")


def _cells(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(cell(value) for _, value in zip(range(COLUMNS), values, strict=False))


def _facts(name: str, values: Any) -> tuple[str, ...]:
    shape = "×".join(map(str, values.shape)) or "one number"
    if values.size and values.dtype.kind in "iufb":
        numbers = values.astype("f8")
        said = (numbers.min(), numbers.mean(), numbers.max())
        return _cells((name, shape, values.dtype, *(f"{number:.6g}" for number in said)))
    return _cells((name, shape, values.dtype, "–", "–", "–"))


def _span(entry: dict[str, Any]) -> int:
    begins, ends = entry["data_offsets"]
    return int(ends) - int(begins)


def _decibels(part: Any) -> float:
    power = float((part**2).mean()) if len(part) else 0.0
    return max(QUIETEST, 10 * log10(power)) if power > 0 else QUIETEST


def _drawn(level: Any) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    for x, peak in enumerate(_peaks(level)):
        half = peak * (HEIGHT / 2 - 2)
        pen.line([(x, HEIGHT / 2 - half), (x, HEIGHT / 2 + half)], fill=(23, 96, 106))
    return _png(image)


def _peaks(level: Any) -> Iterator[float]:
    for x in range(WIDTH):
        first, after = x * len(level) // WIDTH, (x + 1) * len(level) // WIDTH
        part = level[first : max(after, first + 1)]
        yield min(1.0, float(abs(part).max())) if len(part) else 0.0


def _png(image: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _letters(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)
