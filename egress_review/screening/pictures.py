"""Pictures: decoded within limits and drawn anew in few colours, so that only what is seen can leave."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

from PIL import Image, UnidentifiedImageError

from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, block, flag, note, refuse

COLOURS = 64
STEP = 17  # 16 levels a channel: what the lowest bits say is gone
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
    """Return the one picture in PNG or JPEG bytes, on white, as RGB; raises Unscreenable for others."""
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
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
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


def redraw(picture: Image.Image) -> bytes:
    """Return a picture as PNG of at most 64 colours from a grid of 16 levels a channel, without metadata.

    Redrawing the result gives the same bytes. Source: least-significant-bit payloads die in 64 colours.
    """
    coarse = picture.convert("RGB").point(GRID * 3)
    if coarse.getcolors(COLOURS) is None:
        reduced = coarse.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        coarse = reduced.convert("RGB").point(GRID * 3)
    colours = sorted(colour for _, colour in coarse.getcolors(COLOURS) or [])
    palette = Image.new("P", (1, 1))
    flat = [level for colour in colours for level in colour]  # type: ignore[union-attr]
    palette.putpalette(flat + flat[-3:] * (256 - len(colours)))
    indexed = _indexed(coarse, colours)
    indexed.putpalette(flat)
    out = io.BytesIO()
    indexed.save(out, "PNG", bits=8, compress_level=9)
    return out.getvalue()


def _indexed(coarse: Image.Image, colours: Sequence[object]) -> Image.Image:
    number = {colour: position for position, colour in enumerate(colours)}
    raw = coarse.tobytes()
    pixels = bytes(number[pixel] for pixel in zip(raw[0::3], raw[1::3], raw[2::3], strict=True))
    return Image.frombytes("P", coarse.size, pixels)


def screen(data: bytes, index: Index, limits: Limits) -> tuple[bytes, list[Finding]]:
    """Return the redrawn picture and what was seen; raises Unscreenable where it can't be read."""
    picture = read(data, limits)
    findings = _hidden(data) + look(picture, index, limits)
    drawn = redraw(picture)
    pixels = picture.width * picture.height
    bits = 8 * len(drawn) / pixels
    if pixels >= 48 * 48 and bits > DENSE:
        findings.append(
            flag(
                "dense_picture",
                f"The picture holds {bits:.1f} bits a pixel, over {DENSE:.0f}; it may show raw data.",
                "Draw aggregates with axes and labels.",
            )
        )
    return drawn, findings


def look(picture: Image.Image, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return what can be read or heard from what a picture shows."""
    return []


def _hidden(data: bytes) -> list[Finding]:
    findings = []
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
        extra = sorted(str(key)[:30] for key in picture.info if key not in REPORTED_CHUNKS)
    if extra:
        findings.append(
            note(
                "picture_metadata",
                f"Text and metadata beside the picture were left out: {', '.join(extra[:8])}.",
            )
        )
    ends = (
        (data.rfind(b"IEND\xaeB`\x82") + 8) if data.startswith(b"\x89PNG") else (data.rfind(b"\xff\xd9") + 2)
    )
    if ends < len(data):
        findings.append(
            flag(
                "trailing_bytes",
                f"{len(data) - ends:,} bytes stood behind the picture's end; they were left out.",
                "Hand in each file by itself.",
            )
        )
    return findings


def block_output(where: str) -> Finding:
    """Return the finding for a picture of a notebook that is none."""
    return block(
        "notebook_picture",
        "This output says it is a picture, but it can't be read as one.",
        "Clear the output, draw the plot again.",
        where,
    )
