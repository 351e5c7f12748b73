"""Finds scatter plots: many small marks of one size over both directions, each of which may be a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.verdict import Finding, flag

LEAST = 9  # marks that make a scatter plot
INK = 90  # from 0 to 765, how far a colour lies from the background's
RUNS = 60_000  # stretches of ink in a picture; one with more is no plot of marks
HUGE = 1_600  # pixels of a side, from which a picture is looked at in half its size
SMALL, LARGE = 3, 40  # pixels of a mark's side
ROUND, FULL = 1.5, 0.58  # a disc's sides are alike, and it fills its box; few letters do both
SIZES = 3  # that are tried, beside the usual one
ALIKE = 0.35  # how much marks of one plot differ in size
SPREAD = 0.5  # of the marks that stand in a row, or a column, of their own; letters stand in lines
SHARED = 0.15  # of the marks that may stand in one row or column
RINGS, HOLLOW = 2, 0.7  # outliers of a boxplot; of its box that a ring fills
LETTER, BESIDE = 2.5, 1.5  # times a ring's size: a letter's, and within which a letter has another
LINE = 0.2  # of the picture's side, from which a stretch of ink is an axis or the line of a grid


@dataclass(frozen=True)
class Mark:
    """A connected patch of ink: its box in pixels and how many of them are ink."""

    left: int
    top: int
    width: int
    height: int
    area: int

    @property
    def is_dot(self) -> bool:
        """Whether it is small, as wide as high, and full."""
        sides = sorted((self.width, self.height))
        full = self.area >= FULL * self.width * self.height
        return sides[0] >= SMALL and sides[1] <= min(LARGE, ROUND * sides[0]) and full

    def has_beside(self, other: Mark) -> bool:
        """Whether another mark stands close on the left or right, as letters of a line do."""
        gap = max(other.left - self.left - self.width, self.left - other.left - other.width)
        level = other.top < self.top + self.height and self.top < other.top + other.height
        return other is not self and level and gap <= BESIDE * self.width

    def has_letter_below(self, other: Mark) -> bool:
        """Whether a mark of a letter's size stands close above or below, as where a label runs upwards."""
        gap = max(other.top - self.top - self.height, self.top - other.top - other.height)
        level = other.left < self.left + self.width and self.left < other.left + other.width
        return level and gap <= BESIDE * self.height and max(other.width, other.height) <= LETTER * self.width


def check(image: Image.Image, where: str = "") -> list[Finding]:
    """Return a flag where a picture shows as many dots as a scatter plot; the cost grows with its ink."""
    if max(image.size) > HUGE:
        image = image.reduce(2)
    ink = _ink(image)
    found = list(patches(ink))
    count = _scattered([mark for mark in found if mark.is_dot])
    if count < LEAST:
        return _outliers(found, ink, where)
    return [
        flag(
            "scatter",
            f"The picture shows {count} separate dots; a human has to see that none stands for one person.",
            "Show means of groups, a density, or hexagons that hold enough people each.",
            where,
        )
    ]


def _outliers(found: list[Mark], ink: NDArray[np.bool_], where: str) -> list[Finding]:
    """Return a flag for rings of one size that stand alone, as boxplots draw what lies outside."""
    rings = [mark for mark in found if _is_ring(mark, ink)]
    others = [mark for mark in found if mark not in rings]
    lone = [ring for ring in rings if not any(map(ring.has_beside, found))]
    lone = [ring for ring in lone if not any(map(ring.has_letter_below, others))]
    alike = max((sum(one.width == ring.width for one in lone) for ring in lone), default=0)
    if alike < RINGS:
        return []
    message = f"{alike} rings stand by themselves; as outliers of a boxplot each is one person or recording."
    return [flag("extremes", message, "Draw boxplots without what lies outside.", where)]


def _is_ring(mark: Mark, ink: NDArray[np.bool_]) -> bool:
    """Return whether a mark is as wide as high and empty in its middle."""
    round_ = SMALL < mark.width <= LARGE // 2 and abs(mark.width - mark.height) <= 1
    middle = ink[mark.top + mark.height // 2, mark.left + mark.width // 2]
    return round_ and not middle and mark.area <= HOLLOW * mark.width * mark.height


def _scattered(dots: list[Mark]) -> int:
    """Return how many dots are of one size, 0 where they stand in lines as letters do.

    The size is the usual one, or where letters outnumber the dots one of the most common.
    """
    if len(dots) < LEAST:
        return 0
    widths = np.array([dot.width for dot in dots])
    heights = np.array([dot.height for dot in dots])
    common = Counter((dot.width, dot.height) for dot in dots).most_common(SIZES)
    sizes = [(float(np.median(widths)), float(np.median(heights)))]
    sizes += [(wide, high) for (wide, high), count in common if count >= LEAST]
    return max(_of_size(dots, widths, heights, size) for size in sizes)


def _of_size(
    dots: list[Mark], widths: NDArray[np.int64], heights: NDArray[np.int64], size: tuple[float, float]
) -> int:
    wide, high = size
    alike = (abs(widths - wide) <= ALIKE * wide + 1) & (abs(heights - high) <= ALIKE * high + 1)
    kept = [dot for dot, good in zip(dots, alike.tolist(), strict=True) if good]
    across = Counter(map(_column, kept))
    down = Counter(map(_row, kept))
    # Letters of labels and ticks share a few rows and columns; hundreds of dots can't all have one alone.
    most = max(3, SHARED * len(kept))
    alone = [dot for dot in kept if across[_column(dot)] <= most and down[_row(dot)] <= most]
    wanted = SPREAD * min(len(alone), 60)
    spread = min(len(set(map(_column, alone))), len(set(map(_row, alone)))) >= wanted
    return len(alone) if spread else 0


def _column(dot: Mark) -> int:
    return (dot.left + dot.width // 2) // 2


def _row(dot: Mark) -> int:
    return (dot.top + dot.height // 2) // 2


def patches(ink: NDArray[np.bool_]) -> Iterator[Mark]:
    """Yield the connected patches of ink, none where there are too many stretches for a plot.

    `ink` has shape (height, width), in pixels.
    """
    runs = _runs(ink)
    if len(runs) > RUNS:
        return
    boxes: dict[int, list[int]] = {}
    for root, (row, start, end) in zip(_joined(runs), runs, strict=True):
        box = boxes.setdefault(root, [start, row, end, row, 0])
        box[0], box[2], box[3] = min(box[0], start), max(box[2], end), row
        box[4] += end - start
    for left, top, right, bottom, area in boxes.values():
        yield Mark(left, top, right - left, bottom - top + 1, area)


def _ink(image: Image.Image) -> NDArray[np.bool_]:
    pixels = np.asarray(image.convert("RGB"), dtype=np.int16)
    coarse = (pixels // 32).reshape(-1, 3) @ np.array([64, 8, 1], dtype=np.int16)
    most = int(np.bincount(coarse, minlength=512).argmax())
    background = np.median(pixels.reshape(-1, 3)[coarse == most], axis=0)
    ink: NDArray[np.bool_] = np.abs(pixels - background).sum(axis=2) > INK
    for axis in (0, 1):
        ink &= ~long(ink, axis)
    return ink


def long(ink: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Return the ink that is part of a straight stretch too long for a mark."""
    lines = ink if axis else ink.T
    least = max(int(LINE * lines.shape[1]), 2 * LARGE)
    found = np.zeros_like(lines)
    for row, start, end in _runs(lines):
        if end - start >= least:
            found[row, start:end] = True
    return found if axis else found.T


def _runs(ink: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return the stretches of ink of each row as row, first column, column behind the last."""
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))


def _joined(runs: list[tuple[int, int, int]]) -> list[int]:
    """Return for each stretch the number of the patch that it belongs to; corners touch, too."""
    parent = list(range(len(runs)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    above = 0
    for number, (row, start, end) in enumerate(runs):
        while above < number and (runs[above][0] < row - 1 or _ends_before(runs[above], row, start)):
            above += 1
        at = above
        while at < number and runs[at][0] == row - 1 and runs[at][1] <= end:
            parent[root(at)] = root(number)
            at += 1
    return [root(number) for number in range(len(runs))]


def _ends_before(run: tuple[int, int, int], row: int, start: int) -> bool:
    return run[0] == row - 1 and run[2] < start
