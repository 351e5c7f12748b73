"""Pictures for cases and benign files: charts as Matplotlib draws them, text, codes, spectrograms."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import qrcode
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

# Plots come out the same whatever matplotlibrc a machine has.
mpl.rcdefaults()


def figure(**options: Any) -> Figure:
    """Return an empty figure that draws without a screen."""
    made = Figure(figsize=options.pop("figsize", (5, 3.5)), dpi=options.pop("dpi", 100), **options)
    FigureCanvasAgg(made)
    return made


def saved(made: Figure, form: str = "png", **options: Any) -> bytes:
    """Return a figure as a file, with Matplotlib's own metadata."""
    out = io.BytesIO()
    made.savefig(out, format=form, **options)
    return out.getvalue()


def chart(pick: random.Random, form: str = "png") -> bytes:
    """Return a bar chart of error rates by region."""
    made = figure(dpi=pick.choice((80, 100, 150)))
    axes = made.subplots()
    names = ["north", "south", "east", "west", "coast"][: pick.randrange(3, 6)]
    axes.bar(
        names, [round(pick.uniform(0.1, 0.3), 2) for _ in names], color=pick.choice(["C0", "C1", "#4477aa"])
    )
    axes.set_ylabel("word error rate")
    axes.set_title("Averages over at least ten speakers")
    return saved(made, form)


def png(picture: Image.Image, **options: Any) -> bytes:
    """Return a picture as PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG", **options)
    return out.getvalue()


def other(picture: Image.Image, form: str, **options: Any) -> bytes:
    """Return a picture in another format."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return the picture in bytes, as RGB."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(data: bytes, kind: bytes, content: bytes) -> bytes:
    """Return a PNG with one more chunk behind its header."""
    return data[:33] + chunk(kind, content) + data[33:]


def font(size: int, family: str = "DejaVu Sans") -> ImageFont.FreeTypeFont:
    """Return a font that Matplotlib brings along."""
    return ImageFont.truetype(font_manager.findfont(family), size)


def text(
    lines: Sequence[str], *, size: int = 14, family: str = "DejaVu Sans Mono", dark: bool = False
) -> Image.Image:
    """Return lines drawn as a terminal or notebook shows them."""
    face = font(size, family)
    width = max(int(face.getlength(line)) for line in lines) + 20
    ink, ground = ("#dddddd", "#1e1e1e") if dark else ("black", "white")
    picture = Image.new("RGB", (width, (size + 6) * len(lines) + 20), ground)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((10, 10 + number * (size + 6)), line, font=face, fill=ink)
    return picture


def table(
    rows: Sequence[Mapping[str, object]], *, size: int = 14, family: str = "DejaVu Sans", lines: bool = True
) -> Image.Image:
    """Return rows drawn as a spreadsheet shows them, with lines between the cells."""
    face = font(size, family)
    cells = [list(rows[0]), *([str(v) for v in row.values()] for row in rows)]
    widths = [max(int(face.getlength(line[n])) for line in cells) + 16 for n in range(len(cells[0]))]
    height = size + 10
    picture = Image.new("RGB", (sum(widths) + 1, height * len(cells) + 1), "white")
    draw = ImageDraw.Draw(picture)
    for down, line in enumerate(cells):
        left = 0
        for value, width in zip(line, widths, strict=True):
            if lines:
                draw.rectangle((left, down * height, left + width, (down + 1) * height), outline="#999999")
            draw.text((left + 8, down * height + 4), value, font=face, fill="black")
            left += width
    return picture


def codes(
    data: bytes,
    *,
    a_code: int = 180,
    box: int = 4,
    ink: str = "black",
    ground: str = "white",
    across: int = 3,
    border: int = 4,
) -> Image.Image:
    """Return bytes as a grid of QR codes."""
    made = []
    for start in range(0, len(data), a_code):
        code = qrcode.QRCode(box_size=box, border=border)
        code.add_data(data[start : start + a_code])
        code.make()
        made.append(code.make_image(fill_color=ink, back_color=ground).get_image().convert("RGB"))
    side = max(picture.width for picture in made)
    down = -(-len(made) // across)
    grid = Image.new("RGB", (side * min(across, len(made)), side * down), ground)
    for number, picture in enumerate(made):
        grid.paste(picture, (number % across * side, number // across * side))
    return grid


def grey(values: np.ndarray) -> Image.Image:
    """Return numbers as grey pixels, the lowest black and the highest white."""
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(np.asarray((values - low) / max(high - low, 1e-9) * 255, np.uint8))


def coloured(values: np.ndarray, name: str = "viridis") -> Image.Image:
    """Return numbers as pixels in one of Matplotlib's colour maps."""
    low, high = float(values.min()), float(values.max())
    colours = mpl.colormaps[name]((values - low) / max(high - low, 1e-9))
    return Image.fromarray(np.asarray(colours[..., :3] * 255, np.uint8))
