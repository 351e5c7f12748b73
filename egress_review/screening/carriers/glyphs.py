"""Whether letters that a PDF shows are those that its text says: a font names its glyphs as it likes."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from egress_review.screening.verdict import Finding, block

MOST = 300_000  # characters of a document that are measured
OWN = 8  # times that a font has to show a character to say itself how wide it is
FACTOR = 1.6  # between a glyph's shape and how that character is usually shaped
# Characters in a row, and the share of them that may have another's shape; of the pages of 147 papers and
# manuals none had over 0.03, and of so many in a row none over 0.23 and 0.13. Sentences that are shown
# under others have 0.2 to 0.4.
WINDOWS = ((60, 0.33), (150, 0.2))
PAGE = 0.08
SMALLEST = 0.2  # points, of what can be measured
AGAIN = "Print it to a new PDF with usual fonts, or hand in its text and figures."
Glyph = tuple[int, float, int, float]  # font, angle, character, width over height


def check(document: pdfium.PdfDocument) -> Iterator[Finding]:
    """Yield a block for a document whose letters have other shapes than the characters they stand for."""
    glyphs: list[Glyph] = []
    pages = [0]
    for number in range(len(document)):
        glyphs += _measured(document[number].get_textpage(), MOST - len(glyphs))
        pages.append(len(glyphs))
    odd = [0, *accumulate(_odd(glyphs))]
    if any(odd[end] - odd[start] > most * (end - start) for start, end, most in _runs(pages)):
        message = "Letters that this PDF shows are not those that its text says, so it can't be checked."
        yield block("pdf_letters", message, AGAIN)


def _runs(pages: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    """Yield from where to where characters are judged together, and the share that may be odd."""
    yield from ((start, end, PAGE) for start, end in pairwise(pages) if end - start >= WINDOWS[0][0])
    for width, most in WINDOWS:
        yield from ((start, start + width, most) for start in range(pages[-1] - width + 1))


def address(item: object) -> int:
    """Return where what PDFium points at lies, 0 for nothing: by that two of them are the same."""
    return ctypes.cast(item, ctypes.c_void_p).value or 0  # type: ignore[arg-type]  # a pointer of its own kind


def _measured(page: pdfium.PdfTextPage, most: int) -> Iterator[Glyph]:
    """Yield the shape of each character of a page that shows something."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    fonts: dict[int, int] = {}
    for place in range(min(page.count_chars(), most)):
        item = raw.FPDFText_GetTextObject(page, place)
        drawn = address(item)
        if not drawn:  # a blank or a line's end that stands nowhere
            continue
        if drawn not in fonts:
            fonts[drawn] = address(raw.FPDFTextObj_GetFont(item))
        raw.FPDFText_GetCharBox(page, place, left, right, bottom, top)
        width, height = right.value - left.value, top.value - bottom.value
        if min(width, height) > SMALLEST:
            angle = round(raw.FPDFText_GetCharAngle(page, place), 2)
            yield fonts[drawn], angle, raw.FPDFText_GetUnicode(page, place), width / height


def _odd(glyphs: Sequence[Glyph]) -> Iterator[bool]:
    """Yield for each glyph whether it is shaped otherwise than its character."""
    own: dict[tuple[int, float, int], list[float]] = defaultdict(list)
    all_: dict[tuple[float, int], list[float]] = defaultdict(list)
    for font, angle, character, shape in glyphs:
        own[font, angle, character].append(shape)
        all_[angle, character].append(shape)
    usual = {key: median(shapes) for key, shapes in own.items() if len(shapes) >= OWN}
    other = {key: median(shapes) for key, shapes in all_.items()}
    for font, angle, character, shape in glyphs:
        ratio = shape / usual.get((font, angle, character), other[angle, character])
        yield not 1 / FACTOR < ratio < FACTOR
