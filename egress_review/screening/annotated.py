"""Numbers written into coloured areas, as in heat maps, pies and bars: found, read, flagged where small.

Text over a ground of several colours is no text to what reads pages; each label is cut out and read alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.dots import INK, Mark, patches
from egress_review.screening.limits import Limits
from egress_review.screening.strokes import STROKE, closed
from egress_review.screening.verdict import Finding, flag

CONTRAST = 60  # levels of 256 that a stroke differs from its ground
LOOKED_AT = 1_400  # pixels a side
HEIGHT, WIDTH = (6, 40), (2, 34)  # of a sign, in pixels
FULL = (0.14, 0.85)  # of its box that a sign fills
ROUND = 1.3  # times as wide as high at most
EVEN, EDGE = 0.8, 40  # of the pixels about a sign that are of its ground, and how far these differ, of 765
GAP = 0.55  # of its height between the signs of one label
FEWEST, MOST, LOOKED_THROUGH = 3, 60, 1_000  # labels, and signs of which they may be
LINE, MARGIN = 26, 10  # pixels of a label as it is read, and white about it
SMALL_SHARE = 0.2  # of the labels that are small counts

Box = tuple[int, int, int, int]  # left, top, right and bottom in pixels
# Reads lines of signs, dark on white; None where there is no reader.
Reader = Callable[[Image.Image], Sequence[str] | None]


@dataclass(frozen=True)
class Label:
    """Signs that stand beside one another on one coloured ground, as ink."""

    marks: tuple[Mark, ...]

    @property
    def box(self) -> Box:
        """The smallest that holds its signs."""
        return (
            min(mark.left for mark in self.marks),
            min(mark.top for mark in self.marks),
            max(mark.left + mark.width for mark in self.marks),
            max(mark.top + mark.height for mark in self.marks),
        )


def check(image: Image.Image, limits: Limits, reader: Reader, where: str = "") -> list[Finding]:
    """Return a flag where labels in coloured areas are whole numbers below the least count, or unreadable."""
    shrunk = image.convert("RGB")
    if max(shrunk.size) > LOOKED_AT:
        shrunk.thumbnail((LOOKED_AT, LOOKED_AT))
    found = labels(shrunk)[:MOST]
    if len(found) < FEWEST:
        return []
    told = reader(_listed([cut for cut, _ in found]))
    numbers = [int(one) for line in told or () for one in [line.strip(" .,()")] if one.isdecimal()]
    small = [number for number in numbers if 0 < number < limits.minimum_count]
    if told and len(small) < max(2, SMALL_SHARE * len(numbers)):
        return []
    what = (
        f"{len(small)} of them numbers under {limits.minimum_count}" if told else "which can't be read here"
    )
    message = (
        f"{len(found)} labels stand in coloured areas, {what}; a human has to see whether they count people."
    )
    fix = f"Merge groups until each holds at least {limits.minimum_count} people, or leave the numbers out."
    return [flag("small_labels", message, fix, where)]


def labels(image: Image.Image) -> list[tuple[Image.Image, Box]]:
    """Return each label on a coloured ground, dark on white, and its box in pixels."""
    pixels = np.asarray(image, dtype=np.int16)
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    background = np.median(border, axis=0)
    found: list[tuple[Image.Image, Box]] = []
    for sign in (1, -1):
        # Dark signs on a lighter ground, then light ones on a darker.
        depth = closed(sign * grey, STROKE) - sign * grey
        signs = islice(filter(_is_sign, patches(depth > CONTRAST)), LOOKED_THROUGH)
        for label in _grouped([mark for mark in signs if _on_colour(mark, pixels, background)]):
            left, top, right, bottom = label.box
            cut = np.clip(255 - 2 * depth[top:bottom, left:right], 0, 255).astype(np.uint8)
            found.append((Image.fromarray(cut), label.box))
    # What is between the strokes of a sign looks like signs of the other kind.
    return [(cut, box) for cut, box in found if not any(_within(box, other) for _, other in found)]


def _within(box: Box, other: Box) -> bool:
    inside = other[0] <= box[0] and other[1] <= box[1] and box[2] <= other[2] and box[3] <= other[3]
    return inside and box != other


def _is_sign(mark: Mark) -> bool:
    full = FULL[0] <= mark.area / (mark.width * mark.height) <= FULL[1]
    tall = HEIGHT[0] <= mark.height <= HEIGHT[1] and WIDTH[0] <= mark.width <= WIDTH[1]
    return full and tall and mark.width <= ROUND * mark.height


def _on_colour(mark: Mark, pixels: NDArray[np.int16], background: NDArray[np.float64]) -> bool:
    """Return whether the pixels about a mark are of one colour, and not the picture's background."""
    top, left = max(0, mark.top - 3), max(0, mark.left - 3)
    about = pixels[top : mark.top + mark.height + 3, left : mark.left + mark.width + 3]
    edge = np.concatenate([about[0], about[-1], about[:, 0], about[:, -1]])
    ground = np.median(edge, axis=0)
    even = np.mean(np.abs(edge - ground).sum(axis=1) <= EDGE)
    return bool(even >= EVEN and np.abs(ground - background).sum() > INK)


def _grouped(marks: list[Mark]) -> Iterator[Label]:
    """Yield signs that stand close in one line together."""
    left = sorted(marks, key=lambda mark: (mark.left, mark.top))
    while left:
        run = [left.pop(0)]
        for mark in list(left):
            last = run[-1]
            near = mark.left - (last.left + last.width) <= GAP * last.height
            level = abs(mark.top + mark.height - last.top - last.height) <= 0.3 * last.height
            if near and level:
                run.append(mark)
                left.remove(mark)
        yield Label(tuple(run))


def _listed(cuts: Sequence[Image.Image]) -> Image.Image:
    """Return labels below one another, each as high as the reader likes its lines."""
    sized = [
        cut.resize((max(1, round(cut.width * LINE / cut.height)), LINE), Image.Resampling.LANCZOS)
        for cut in cuts
    ]
    wide = max(cut.width for cut in sized) + 4 * MARGIN
    sheet = Image.new("L", (wide, sum(cut.height + 2 * MARGIN for cut in sized)), 255)
    for number, cut in enumerate(sized):
        sheet.paste(cut, (2 * MARGIN, MARGIN + number * (LINE + 2 * MARGIN)))
    return sheet
