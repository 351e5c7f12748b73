"""PDF: its text and pages are looked through; what leaves is the pages as pictures, and nothing else."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image, ImageDraw

from egress_review.screening import pictures
from egress_review.screening.carriers import drawings, glyphs, pages_out
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import PDF
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Part, Picture, Text
from egress_review.screening.verdict import Finding, Unscreenable, flag, note, refuse

SCALE = 120 / 72  # pixels a point
MOST_POINTS = 200_000  # of the lines of a page
SMALLEST, LARGEST = 8, 4000  # points a side
AGAIN = "Print the document to a new PDF without password, scripts or forms; or hand in its text and figures."
ERRORS = (pdfium.PdfiumError, OSError, ValueError, TypeError, RuntimeError, UnicodeError, IndexError)
NUMBERS = re.compile(r"[0-9]{18,}")
SEEN = (0, 1, 2)  # the ways of drawing letters that leave something to see: filled, outlined, both


def open(data: bytes, limits: Limits) -> Opened:
    """Return the text and pictures of a document's pages; raises Unscreenable for scripts and passwords."""
    ours = pages_out.read(data, limits)
    if ours is not None:
        parts: list[Part] = [
            Picture(page.convert("RGB"), f"page {n}") for n, page in enumerate(ours, start=1)
        ]
        return Opened(tuple(parts), data, PDF)
    try:
        document = pdfium.PdfDocument(data)
        findings = (*_document(document, data, limits), *glyphs.check(document))
        parts, drawn = [], []
        for number in range(len(document)):
            content, image, shown = _page(document[number], limits)
            where = f"page {number + 1}"
            parts += [Text(content, where)] if content.strip() else []
            parts += [] if _is_blank(shown) else [Picture(shown, where)]
            parts += _lines(document[number])
            drawn.append(pictures.reduced(image))
    except ERRORS as error:
        raise _broken(error) from error
    said = note("pdf_rebuilt", "The pages leave as pictures: no text to select, no links, no metadata.")
    return Opened(tuple(parts), pages_out.written(drawn), PDF, (*findings, said))


def _broken(error: Exception) -> Unscreenable:
    if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
        return refuse("encrypted", "The PDF has a password; nobody can see what it holds.", AGAIN)
    return refuse("pdf", f"The PDF can't be read ({type(error).__name__}).", AGAIN)


def _document(document: pdfium.PdfDocument, data: bytes, limits: Limits) -> Iterator[Finding]:
    if not 1 <= len(document) <= limits.pdf_pages:
        raise refuse(
            "pdf_pages",
            f"The PDF has {len(document):,} pages; at most {limits.pdf_pages} are looked through.",
            "Hand in the part that is the result.",
        )
    if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
        raise refuse("encrypted", "The PDF is encrypted.", AGAIN)
    if raw.FPDFDoc_GetJavaScriptActionCount(document) > 0:
        raise refuse("pdf_script", "The PDF holds a script.", AGAIN)
    if document.get_formtype() in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND):
        raise refuse("pdf_script", "The PDF holds a form with scripts.", AGAIN)
    attached = document.count_attachments()
    if attached:
        yield note("pdf_attachments", f"{attached} attached files were left out.")
    revisions = data.count(b"startxref")
    if revisions > (2 if b"/Linearized" in data[:2048] else 1):
        yield note("pdf_revisions", f"{revisions - 1} earlier revisions of the document were left out.")
    behind = len(data[data.rfind(b"%%EOF") + 5 :].strip())
    if behind > 64:
        yield flag(
            "trailing_bytes", f"{behind:,} bytes stood behind the PDF's end; they were left out.", AGAIN
        )


def _page(page: pdfium.PdfPage, limits: Limits) -> tuple[str, Image.Image, Image.Image]:
    """Return a page's text, its picture, and the picture of what its text does not account for."""
    width, height = page.get_size()
    if not (min(width, height) >= SMALLEST and max(width, height) <= LARGEST):
        raise refuse(
            "pdf_page", f"A page measures {width:.0f} by {height:.0f} points.", "Use a usual format."
        )
    scale = min(SCALE, (limits.page_pixels / (width * height)) ** 0.5 * 0.99)
    image = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_pil().convert("RGB")
    written = page.get_textpage()
    content = _apart(written)
    if len(content) > limits.text_bytes // 5:
        raise refuse("size", "A page holds more text than fits on it.", AGAIN)
    shown = image.copy()
    if _only_seen_letters(page):
        _whiten(shown, written, page, scale)
    return content.replace("\r", ""), image, shown


def _is_blank(image: Image.Image) -> bool:
    """Return whether nothing is to be seen: on most pages of a paper once its letters are painted over."""
    return image.getextrema() == ((255, 255),) * 3


def _apart(written: pdfium.PdfTextPage) -> str:
    """Return a page's text, numbers apart that stand so close, as years below an axis, that they seem one.

    Each was drawn by itself; digits drawn one by one stay the number that they are seen as.
    """
    content = str(written.get_text_range())
    if len(content) != written.count_chars():
        return content

    def split(found: re.Match[str]) -> str:
        drawn = [glyphs.address(raw.FPDFText_GetTextObject(written, n)) for n in range(*found.span())]
        starts = [place for place in range(1, len(drawn)) if drawn[place] != drawn[place - 1]]
        pieces = [found[0][start:end] for start, end in pairwise([0, *starts, len(drawn)])]
        return (" " if max(map(len, pieces)) > 1 else "").join(pieces)

    return NUMBERS.sub(split, content)


def _only_seen_letters(page: pdfium.PdfPage) -> bool:
    """Return whether a page's letters lie over no picture and can all be seen, as where nothing is hidden."""
    for item in page.get_objects(max_depth=8):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            return False
        if item.type == raw.FPDF_PAGEOBJ_TEXT and raw.FPDFTextObj_GetTextRenderMode(item) not in SEEN:
            return False
    return True


def _lines(page: pdfium.PdfPage) -> Iterator[Part]:
    """Yield what the lines of a page draw, as numbers; letters and curves of few points are left out."""
    long: list[drawings.Line] = []
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=8):
        count = raw.FPDFPath_CountSegments(item)
        if count > drawings.POINTS and sum(map(len, long)) < MOST_POINTS:
            long.append([_point(item, number) for number in range(min(count, MOST_POINTS))])
    yield from drawings.lines(long, [point for line in long for point in line])


def _point(item: pdfium.PdfObject, number: int) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(item, number), x, y)
    return x.value, y.value


def _whiten(image: Image.Image, written: pdfium.PdfTextPage, page: pdfium.PdfPage, scale: float) -> None:
    """Paint over the letters that were read as text, so that only others are read from the picture."""
    draw = ImageDraw.Draw(image)
    left, _, _, top = page.get_bbox()
    for number in range(min(written.count_rects(), 5_000)):
        x0, y0, x1, y1 = written.get_rect(number)
        box = [
            (x0 - left) * scale - 1,
            (top - y1) * scale - 1,
            (x1 - left) * scale + 1,
            (top - y0) * scale + 1,
        ]
        if box[0] <= box[2] and box[1] <= box[3]:
            draw.rectangle(box, fill="white")
