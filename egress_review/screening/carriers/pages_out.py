"""Writes pictures as the pages of a PDF that holds nothing else, and reads such a PDF back exactly."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

from PIL import Image

from egress_review.screening.limits import Limits

POINTS = 0.6  # a pixel's side, in points: 120 pixels an inch
DRAWN = re.compile(
    rb"/Width (\d{1,5}) /Height (\d{1,5}) /BitsPerComponent 8 /ColorSpace \[/Indexed /DeviceRGB \d{1,2} "
    rb"<([0-9a-f]*)>\] /Filter /FlateDecode /Length (\d{1,9}) >>\nstream\n"
)


def written(pages: Sequence[Image.Image]) -> bytes:
    """Return a PDF of pictures with palettes, a page each, without date, name or any other object."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = b" ".join(b"%d 0 R" % (3 + 3 * number) for number in range(len(pages)))
    objects.append(b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)))
    for number, page in enumerate(pages):
        objects += _page(page, 3 + 3 * number)
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _page(page: Image.Image, first: int) -> Iterator[bytes]:
    width, height = page.width * POINTS, page.height * POINTS
    yield (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.1f %.1f] /Resources << /XObject << /P %d 0 R >> >> "
        b"/Contents %d 0 R >>" % (width, height, first + 2, first + 1)
    )
    drawing = b"%.1f 0 0 %.1f 0 0 cm /P Do" % (width, height)
    yield b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing)
    palette = bytes(page.getpalette() or b"\0\0\0")
    packed = zlib.compress(page.tobytes(), 9)
    head = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace "
        b"[/Indexed /DeviceRGB %d <%s>] /Filter /FlateDecode /Length %d >>"
    ) % (page.width, page.height, len(palette) // 3 - 1, palette.hex().encode(), len(packed))
    yield head + b"\nstream\n" + packed + b"\nendstream"


def read(data: bytes, limits: Limits) -> list[Image.Image] | None:
    """Return the pictures of a PDF written here, None for any other: writing them gives `data` again."""
    pages: list[Image.Image] = []
    for match in DRAWN.finditer(data):
        width, height, length = int(match[1]), int(match[2]), int(match[4])
        if width * height > limits.page_pixels or len(pages) >= limits.pdf_pages:
            return None
        reader = zlib.decompressobj()
        try:
            pixels = reader.decompress(data[match.end() : match.end() + length], width * height + 1)
            page = Image.frombytes("P", (width, height), pixels)
            page.putpalette(bytes.fromhex(match[3].decode()))
        except (zlib.error, ValueError):
            return None
        pages.append(page)
    return pages if pages and written(pages) == data else None
