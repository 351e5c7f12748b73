"""Pictures: decoded within limits and drawn anew in few colours, so that only what is seen can leave."""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, UnidentifiedImageError

from egress_review.screening import annotated, bars, dots, kinds, squares
from egress_review.screening.carriers import codes, reading
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed, Part, Picture
from egress_review.screening.sound import drawn
from egress_review.screening.sound import pictures as sound_pictures
from egress_review.screening.verdict import Finding, block, flag, note, outcome_of, refuse

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
COLOURS = 64
STEP = 17  # 16 levels a channel: what the lowest bits say is gone
SCAN_ENDS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker in a JPEG's scan that is no byte of it
DENSE = 2.0  # bits a pixel of the redrawn picture; plots of aggregates stay well below 1
GRID = [round(level / STEP) * STEP for level in range(256)]
REPORTED_CHUNKS = {
    "dpi",
    "gamma",
    "srgb",
    "chromaticity",
    "transparency",
    "icc_profile",
    "jfif",
    "jfif_version",
    "jfif_unit",
    "jfif_density",
    "progressive",
    "progression",
    "aspect",
    "interlace",
    "Software",
}


def read(data: bytes, limits: Limits) -> Image.Image:
    """Return the one picture in a picture file, on white, as RGB; raises Unscreenable for others."""
    if len(data) > limits.picture_bytes:
        raise refuse(
            "size",
            f"The picture has {len(data):,} bytes; at most {limits.picture_bytes:,} are read.",
            "Save it smaller.",
        )
    Image.MAX_IMAGE_PIXELS = limits.picture_side**2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            if max(picture.size) > limits.picture_side:
                raise refuse(
                    "picture_size",
                    f"The picture is {picture.width} by {picture.height} pixels.",
                    f"Save it with fewer dots per inch, at most {limits.picture_side} pixels a side.",
                )
            if getattr(picture, "n_frames", 1) > 1:
                raise refuse("picture_frames", "The picture has several frames.", "Save one picture a file.")
            picture.load()
            return _on_white(picture)
        except (
            OSError,
            SyntaxError,
            ValueError,
            UnidentifiedImageError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
            EOFError,
            UserWarning,
            IndexError,
            KeyError,
            TypeError,
            struct.error,
            OverflowError,
        ) as error:
            raise refuse(
                "picture",
                f"The picture can't be read ({type(error).__name__}): it is broken, cut off or no picture.",
                "Save the picture again as PNG.",
            ) from error


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(layer)
        return ground.convert("RGB")
    if picture.mode.startswith("I"):
        # 16-bit grey: keep the high byte, the low one is not seen.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    return picture.convert("RGB")


def reduced(picture: Image.Image) -> Image.Image:
    """Return a picture in at most 64 colours from a grid of 16 levels a channel, by numbers of its palette.

    Reducing the result changes nothing. Source: least-significant-bit payloads die in 64 colours.
    """
    coarse = picture.convert("RGB").point(GRID * 3)
    if coarse.getcolors(COLOURS) is None:
        fewer = coarse.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        coarse = fewer.convert("RGB").point(GRID * 3)
    colours = sorted(colour for _, colour in coarse.getcolors(COLOURS) or [] if isinstance(colour, tuple))
    indexed = _indexed(coarse, colours)
    indexed.putpalette([level for colour in colours for level in colour])
    return indexed


def redraw(picture: Image.Image) -> bytes:
    """Return a picture as PNG in few colours, without metadata; redrawing the result gives the same bytes."""
    out = io.BytesIO()
    reduced(picture).save(out, "PNG", bits=8, compress_level=9)
    return out.getvalue()


def _indexed(coarse: Image.Image, colours: list[tuple[int, ...]]) -> Image.Image:
    """Return the picture as numbers of its colours, which are sorted."""
    pixels = np.asarray(coarse, dtype=np.uint32)
    packed = pixels[:, :, 0] << 16 | pixels[:, :, 1] << 8 | pixels[:, :, 2]
    order = np.array([red << 16 | green << 8 | blue for red, green, blue, *_ in colours], dtype=np.uint32)
    return Image.frombytes("P", coarse.size, np.searchsorted(order, packed).astype(np.uint8).tobytes())


def open(data: bytes, limits: Limits) -> Opened:
    """Return the picture in a file, redrawn, and what stood beside it; raises Unscreenable."""
    picture = read(data, limits)
    drawn = redraw(picture)
    findings = (*_hidden(data), *dense(picture, drawn))
    return Opened((Picture(picture), *_behind(data)), drawn, kinds.PICTURE, findings)


def _behind(data: bytes) -> Iterator[Packed]:
    """Yield the file that stands behind a picture's end; raises Unscreenable for one that never leaves."""
    rest = data[_end(data) :]
    if rest and kinds.by_content(rest) not in (kinds.OPAQUE, kinds.PLAIN):
        yield Packed(rest, "", "behind the picture")


def dense(picture: Image.Image, drawn: bytes) -> Iterator[Finding]:
    """Yield a flag where a redrawn picture holds more than plots do."""
    pixels = picture.width * picture.height
    bits = 8 * len(drawn) / pixels
    if pixels >= 48 * 48 and bits > DENSE:
        yield flag(
            "dense_picture",
            f"The picture holds {bits:.1f} bits a pixel, over {DENSE:.0f}; it may show raw data.",
            "Draw aggregates with axes and labels.",
        )


def written(picture: Picture, limits: Limits) -> tuple[list[Part], list[Finding]]:
    """Return what can be read in a picture, its codes and its letters, and what is odd about them."""
    coded, counted = codes.read(picture, limits)
    lettered, unread = reading.read(picture, limits)
    return [*coded, *lettered], [*counted, *unread]


def look(picture: Image.Image, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return what can be seen or heard in a picture; its letters and codes are read by `written`."""
    # The cheapest first: what is blocked already need not be compared with recordings.
    gridded = squares.check(picture, where)
    if gridded:
        return gridded
    found = [*sound_pictures.look(picture, index, limits, where), *dots.check(picture, where)]
    found += bars.check(picture, index.people, where)
    found += annotated.check(picture, limits, lambda sheet: reading.signs(sheet, limits), where)
    return found if outcome_of(found) != "pass" else drawn.check(picture, where)


def _hidden(data: bytes) -> list[Finding]:
    findings = []
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        extra = sorted(str(key)[:30] for key in picture.info if key not in REPORTED_CHUNKS)
    if extra:
        findings.append(
            note(
                "picture_metadata",
                f"Text and metadata beside the picture were left out: {', '.join(extra[:8])}.",
            )
        )
    ends = _end(data)
    if ends < len(data):
        findings.append(
            flag(
                "trailing_bytes",
                f"{len(data) - ends:,} bytes stood behind the picture's end; they were left out.",
                "Hand in each file by itself.",
            )
        )
    return findings


def _end(data: bytes) -> int:
    """Return where a picture's own bytes end, as far as its format says so."""
    if data.startswith(b"\x89PNG"):
        return _png_end(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_end(data)
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8
    if data.startswith(b"GIF8"):
        return data.rfind(b"\x00;") + 2
    if data.startswith(b"BM"):
        return int.from_bytes(data[2:6], "little")
    return len(data)


def _png_end(data: bytes) -> int:
    """Return where the first IEND chunk ends: a second one behind it does not belong to the picture."""
    at = 8
    while at + 12 <= len(data):
        kind, at = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            return at
    return len(data)


def _jpeg_end(data: bytes) -> int:
    """Return where the marker of the end stands behind, segments and scans skipped by their lengths."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if marker == 0xDA:
                found = SCAN_ENDS.search(data, at)
                at = found.start() if found else len(data)
    return at + 2 if data[at : at + 2] == b"\xff\xd9" else len(data)


def block_output(where: str) -> Finding:
    """Return the finding for a picture of a notebook that is none."""
    return block(
        "notebook_picture",
        "This output says it is a picture, but it can't be read as one.",
        "Clear the output, draw the plot again.",
        where,
    )
