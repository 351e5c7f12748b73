"""SVG: its words and points are looked through; what leaves is the picture it draws, as PNG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, tostring

import numpy as np
import resvg_py
from numpy.typing import NDArray

from egress_review.screening import pictures
from egress_review.screening.carriers import data as inside
from egress_review.screening.carriers import paths, xml
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import DRAWING
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Part, Picture, Text
from egress_review.screening.verdict import Finding, note, refuse

LONG_SIDE = 1400  # pixels of the picture that leaves
FLATTEST = 12  # times as wide as high, or the other way
POINTS = 200  # fewer draw shapes, not data
SINGLE = 6  # lines that are compared one by one
STANDING = 0.8  # of bars that begin or end at one height
ONE_WAY = 0.9  # of the steps of what a line is drawn along
Line = list[tuple[float, float]]
DROPPED = {"script", "foreignObject", "metadata", "title", "desc", "a", "animate", "set", "style"}
KEPT_OF = {"a", "style"}  # these are looked at, but drawn
OUTSIDE = re.compile(r"@import|url\(\s*['\"]?(?!#|['\"]?#)", re.IGNORECASE)
PLACED = {
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "ry", "rx"),
    "use": ("x", "y"),
    "rect": ("x", "y", "height", "width"),
    "line": ("x1", "y1", "x2", "y2"),
}
# What is said in numbers alone: 0.5, 12,3, matrix(1 0 0 1 5 6), rgb(127,0,0).
FIGURES = re.compile(r"(?:[A-Za-z]++\()?+[-+\d.eE,%\s]++\)?")
AGAIN = "Save the figure as PNG."
COLOUR = re.compile(r"(?i)#([0-9a-f]{6}|[0-9a-f]{3})\b|rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)")


def open(data: bytes, limits: Limits) -> Opened:
    """Return a drawing's words and points, and its picture; raises Unscreenable for scripts' tricks."""
    root = xml.parse(data)
    if xml.name(root) != "svg" or not root.tag.startswith("{http://www.w3.org/2000/svg}"):
        raise refuse("type", "This is no SVG drawing.", AGAIN)
    parts = [*_words(root), *points(root)]
    for element in root.iter():
        for key, value in element.attrib.items():
            held = "href" in key or value.lstrip().startswith("data:")
            parts += inside.files_in(value, "picture inside") if held else []
    dropped = _cleaned(root)
    drawn = _drawn(root)
    image = pictures.read(drawn, limits)
    canonical = pictures.redraw(image)
    findings: list[Finding] = [
        note("drawing_rebuilt", "The drawing leaves as a picture of few colours (PNG).")
    ]
    if dropped:
        findings.append(note("drawing_rebuilt", f"{dropped} scripts, notes or links were left out."))
    return Opened(
        (*parts, Picture(image)), canonical, DRAWING, (*findings, *pictures.dense(image, canonical))
    )


def _words(root: Element) -> Iterator[Part]:
    said = [xml.words(element).strip() for element in xml.every(root, "text", "foreignObject")]
    if any(said):
        yield Text("\n".join(words for words in said if words), "text of the drawing")
    beside = [xml.words(element).strip() for element in xml.every(root, "title", "desc", "metadata")]
    if any(beside):
        # They stay behind, but name what the drawing's points are.
        yield Text("\n".join(words for words in beside if words), "titles in the drawing")


def points(root: Element) -> Iterator[Part]:
    """Yield the points of long lines, and of all lines and of all shapes of a kind together."""
    everything: Line = []
    shapes: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    long: list[Line] = []
    for element in root.iter():
        kind = xml.name(element)
        found = list(paths.points(element.get("d", ""))) if kind == "path" else []
        if kind in ("polyline", "polygon"):
            found = paths.pairs(element.get("points", ""))
        placed = _placed(element, kind)
        if placed:
            shapes.setdefault((kind, len(placed)), []).append(placed)
        if len(placed) > POINTS:
            yield Array(np.array(placed), f"{len(placed):,} numbers of one shape ({kind})")
        if len(found) > POINTS:
            long.append(found)
        if kind != "path" or len(found) < 8 or len(found) > POINTS or "id" not in element.attrib:
            # Letters are paths with ids and a few dozen points; they are no data.
            everything += found
    yield from lines(long, everything)
    for (kind, _), places in shapes.items():
        if len(places) > POINTS:
            yield from _shapes(np.array(places, dtype=np.float64), kind)


def _placed(element: Element, kind: str) -> tuple[float, ...]:
    """Return the numbers that place, size or colour a shape: the usual ones first."""
    usual = PLACED.get(kind, ())
    others = (value for key, value in element.attrib.items() if key not in (*usual, "d", "points"))
    told = (number for value in others if FIGURES.fullmatch(value) for number in paths.numbers(value))
    shades = (shade for value in element.attrib.values() for shade in _shades(value))
    return (*(_number(element.get(key)) for key in usual), *told, *shades)


def _shades(value: str) -> Iterator[float]:
    """Yield how bright the colours are that an attribute names, as #rrggbb, #rgb or rgb()."""
    for match in COLOUR.finditer(value):
        digits = match[1] if not match[1] or len(match[1]) != 3 else "".join(2 * sign for sign in match[1])
        levels = (
            [int(digits[at : at + 2], 16) for at in (0, 2, 4)] if digits else map(float, match.groups()[1:])
        )
        yield float(sum(levels))


def lines(long: Sequence[Line], everything: Line) -> Iterator[Part]:
    """Yield what long lines draw, and all lines one after the other."""
    if len(everything) > POINTS and len(long) != 1:
        yield next(_line(everything, "all lines together"))
    if len(long) > SINGLE and len({len(line) for line in long}) == 1:
        # Lines one above the other, a band each.
        heights = [[-height for _, height in line] for line in long]
        yield Array(np.array(heights).T, f"{len(long)} lines abreast")
    # Many long lines are one that was cut: whatever they hold is found in all of them together.
    for line in long if len(long) <= SINGLE else ():
        yield from _line(line, f"line of {len(line):,} points")


def _line(points: Line, where: str) -> Iterator[Part]:
    """Yield what a line draws: its heights, or its widths where these don't go one way, in even steps."""
    across, heights = np.array(points, dtype=np.float64).T
    if _goes_one_way(heights) and not _goes_one_way(across):
        across, heights = heights, across
    yield Array(heights, where)
    even = paths.even(across, heights)
    if even is not None:
        yield Array(even, f"{where}, in even steps")


def _goes_one_way(places: NDArray[np.float64]) -> bool:
    steps = np.diff(places)
    return bool(max((steps >= 0).mean(), (steps <= 0).mean()) >= ONE_WAY) and bool(steps.any())


def _shapes(places: NDArray[np.float64], kind: str) -> Iterator[Part]:
    """Yield each number that places or sizes shapes, but those that are all the same or only count."""
    where = f"{len(places):,} shapes ({kind})"
    if kind == "rect":
        # Bars stand on a line, on either side: what they show is the other end.
        ends = np.stack([places[:, 1], places[:, 1] + places[:, 2]])
        values, counts = np.unique(np.round(ends, 2), return_counts=True)
        ground = values[counts.argmax()]
        if counts.max() >= STANDING * len(places):
            yield Array(ends[np.abs(ends - ground).argmax(axis=0), np.arange(len(places))], where)
            return
    told = [column for column in places.T if np.ptp(column) > 0 and not _goes_one_way(column)]
    alike = [places[:, -1]] if kind in PLACED else []
    yield from (Array(column, where) for column in told or alike)


def _number(written: str | None) -> float:
    match = paths.TOKEN.match(written or "")
    return float(match[2]) if match and match[2] else 0.0


def _cleaned(root: Element) -> int:
    """Take scripts and notes out of a drawing; raise Unscreenable where it points outside of itself."""
    dropped = 0
    for parent in list(root.iter()):
        for child in list(parent):
            if xml.name(child) in DROPPED - KEPT_OF or not xml.name(child):
                parent.remove(child)
                dropped += 1
        for key, value in list(parent.attrib.items()):
            name = xml.NAMESPACE.sub("", key).lower()
            if name.startswith("on") or (name == "href" and xml.name(parent) == "a"):
                del parent.attrib[key]
                dropped += 1
            elif name == "href" and not value.lstrip().startswith(("#", "data:image/png", "data:image/jpeg")):
                raise refuse("drawing_outside", "The drawing shows a file that lies elsewhere.", AGAIN)
            elif OUTSIDE.search(value) and name != "href":
                raise refuse(
                    "drawing_outside", "The drawing uses a style or file that lies elsewhere.", AGAIN
                )
        if xml.name(parent) == "style" and OUTSIDE.search(xml.words(parent)):
            raise refuse("drawing_outside", "The drawing uses a style that lies elsewhere.", AGAIN)
    return dropped


def _drawn(root: Element) -> bytes:
    width, height = _size(root)
    if not 1 / FLATTEST <= width / height <= FLATTEST:
        raise refuse(
            "picture_size", f"The drawing measures {width:.0f} by {height:.0f}.", "Draw it less narrow."
        )
    wide = LONG_SIDE if width >= height else None
    high = None if wide else LONG_SIDE
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=tostring(root, "unicode"), background="#ffffff", dpi=96, width=wide, height=high
        )
    except (ValueError, RuntimeError, OverflowError) as error:
        raise refuse("drawing", f"The drawing can't be drawn ({type(error).__name__}).", AGAIN) from error
    return bytes(drawn)


def _size(root: Element) -> tuple[float, float]:
    """Return a drawing's width and height in its own units."""
    box = [_number(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    width, height = _number(root.get("width")), _number(root.get("height"))
    if "%" in root.get("width", "%") or not width or not height:
        width, height = (box[2], box[3]) if len(box) == 4 else (300.0, 150.0)
    if not (0 < width < 1e6 and 0 < height < 1e6):
        raise refuse("picture_size", "The drawing has no size.", AGAIN)
    return width, height
