"""XML of foreign files: no entities, no external parts, bounded in size, depth and number of elements."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from egress_review.screening.verdict import Unscreenable, refuse

DEPTH = 200
ELEMENTS = 600_000
BYTES = 40 * 1024 * 1024
NAMESPACE = re.compile(r"\{[^}]*\}")


def parse(data: bytes) -> Element:
    """Return the root of a document; raises Unscreenable for entities, bombs and what is not well-formed."""
    root: Element | None = None
    for event, element in _events(data):
        if root is None and event == "start":
            root = element
    if root is None:
        raise broken("it is empty")
    return root


def _events(data: bytes) -> Iterator[tuple[str, Element]]:
    if len(data) > BYTES:
        raise broken("it is larger than is looked through")
    depth = count = 0
    try:
        for event, element in iterparse(io.BytesIO(data), ("start", "end")):
            depth += 1 if event == "start" else -1
            count += event == "start"
            if depth > DEPTH or count > ELEMENTS:
                raise broken("it has more elements, or deeper ones, than are looked through")
            yield event, element
    except (ParseError, DefusedXmlException, ValueError, LookupError, UnicodeError) as error:
        raise broken(f"it is not well-formed, or declares entities ({type(error).__name__})") from error


def broken(why: str) -> Unscreenable:
    """Return the error for XML that can't be read."""
    return refuse(
        "xml", f"The XML in this file can't be read: {why}.", "Save the file again, or hand in its text."
    )


def name(element: Element) -> str:
    """Return an element's name without its namespace; "" for comments and instructions."""
    return NAMESPACE.sub("", element.tag) if isinstance(element.tag, str) else ""


def attribute(element: Element, wanted: str) -> str:
    """Return an attribute by its name without its namespace, "" where there is none."""
    for key, value in element.attrib.items():
        if NAMESPACE.sub("", key) == wanted:
            return value
    return ""


def every(root: Element, *wanted: str) -> Iterator[Element]:
    """Yield the elements of these names below a root, in the document's order."""
    for element in root.iter():
        if name(element) in wanted:
            yield element


def words(element: Element) -> str:
    """Return all the text inside an element."""
    return "".join(element.itertext())
