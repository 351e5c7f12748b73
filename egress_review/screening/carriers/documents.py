"""Word, OpenDocument and PowerPoint: the text that is shown leaves as Markdown; all else stays behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from egress_review.screening import text
from egress_review.screening.carriers import xml, zips
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import DOCUMENT
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Text
from egress_review.screening.verdict import note, refuse

# Notes, comments and the like stay behind, but whoever wrote data there should hear of it.
BESIDE = re.compile(
    r"ppt/(?:notesSlides/notesSlide|comments/comment)\d{1,4}\.xml|word/(?:(?:foot|end)notes|comments|header\d+|footer\d+)\.xml"
)
SLIDE = re.compile(r"ppt/slides/slide(\d{1,4})\.xml")
# Text that is deleted, hidden or an instruction to the program, not shown to a reader.
UNSEEN = {"del", "delText", "instrText", "vanish", "tracked-changes", "annotation", "note", "Fallback"}
BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "s": " "}


def open(data: bytes, limits: Limits) -> Opened:
    """Return the text of a document; raises Unscreenable for what is none, or is broken."""
    archive = zips.read(data, limits)
    names = [entry.name for entry in archive.entries]
    slides = sorted((name for name in names if SLIDE.fullmatch(name)), key=_number)
    wanted = [name for name in ("word/document.xml", "content.xml") if name in names] or slides
    if not wanted or len(set(names)) != len(names):
        raise refuse(
            "document", "This is no Word, OpenDocument or PowerPoint file.", "Hand in its text as Markdown."
        )
    left = limits.archive_bytes
    lines: list[str] = []
    beside: list[str] = []
    for entry in archive.entries:
        if entry.name in wanted or BESIDE.fullmatch(entry.name):
            content = archive.read(entry, left, limits)
            left -= len(content)
            tree = xml.parse(content)
            lines += _lines(tree, "") if entry.name in wanted else []
            beside += _written(tree)
    canonical, changed = text.rebuild("\n".join(lines))
    if len(canonical) > limits.text_bytes:
        raise refuse("size", "The document holds more text than a human can read.", "Hand in a summary.")
    pictures = sum("media/" in name.lower() or name.startswith("Pictures/") for name in names)
    said = (
        f"The document leaves as its text; {pictures} pictures, and all notes and properties, were left out."
    )
    findings = (*changed, note("document_rebuilt", said, "Hand in figures as PNG."))
    unseen = [line for line in beside if line.strip() and line.strip() not in canonical]
    parts = (Text(canonical), Text("\n".join(unseen), "notes, comments and hidden text"))
    shown = parts if unseen else parts[:1]
    return Opened((*shown, *zips.kept_inside(archive, left, limits)), canonical.encode(), DOCUMENT, findings)


def _written(tree: Element) -> Iterator[str]:
    """Yield all that is written in a document, shown or not, a paragraph a line."""
    for element in tree.iter():
        if xml.name(element) in ("p", "h"):
            yield "".join(element.itertext())


def _number(name: str) -> int:
    match = SLIDE.fullmatch(name)
    return int(match[1]) if match else 0


def _lines(element: Element, before: str) -> Iterator[str]:
    """Yield the paragraphs of a document, a line each, and the rows of its tables with bars between cells."""
    kind = xml.name(element)
    if kind in UNSEEN:
        return
    if kind in ("tr", "table-row"):
        cells = [child for child in element if xml.name(child) in ("tc", "table-cell")]
        yield "| " + " | ".join(" ".join(_all(cell)) for cell in cells) + " |"
    elif kind in ("p", "h"):
        yield before + "".join(_said(element)).strip()
    else:
        for child in element:
            yield from _lines(child, before)


def _all(cell: Element) -> Iterator[str]:
    for line in _lines(cell, ""):
        if line.strip():
            yield line.strip()


def _said(element: Element) -> Iterator[str]:
    """Yield the shown text of a paragraph."""
    if _is_hidden(element):
        return
    kind = xml.name(element)
    if kind in BREAKS:
        yield BREAKS[kind]
    # OpenDocument writes text into any element, the others into those named t.
    written: Callable[[str | None], str] = (
        (lambda words: words or "") if kind == "t" or "opendocument" in str(element.tag) else lambda _: ""
    )
    yield written(element.text)
    for child in element:
        yield from _said(child)
        yield written(child.tail) if kind != "t" else ""


def _is_hidden(element: Element) -> bool:
    kind = xml.name(element)
    if kind in UNSEEN:
        return True
    return kind == "r" and any(xml.name(mark) == "vanish" for part in element for mark in part)
