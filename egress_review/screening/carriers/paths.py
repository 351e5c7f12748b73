"""The points of SVG's paths, as numbers that the checks of arrays can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

TOKEN = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)")
ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
MOST = 2_000_000  # numbers in one path
SMALL_STEP, UNEVEN = 5, 0.02  # percentile of the steps that is one, and share by which steps differ
MOST_EVEN = 50  # times the points that are drawn
LEAST, EVEN = 40, 0.25  # numbers, and share of their steps that are the same, where a line is evenly spaced


def points(path: str) -> Iterator[tuple[float, float]]:
    """Yield the end of each step of a path, in its own units; broken paths end where they break."""
    command, wants = "", 0
    given: list[float] = []
    x = y = 0.0
    for count, match in enumerate(TOKEN.finditer(path)):
        if count > MOST:
            return
        if match[1]:
            command, wants, given = match[1], ARGUMENTS[match[1].upper()], []
            continue
        given.append(float(match[2]))
        if not wants or len(given) < wants:
            continue
        x, y = _end(command, given, x, y)
        yield x, y
        given = []
        # More pairs behind a move are lines.
        command = {"M": "L", "m": "l"}.get(command, command)


def _end(command: str, given: list[float], x: float, y: float) -> tuple[float, float]:
    relative = command.islower()
    across, down = (x, y) if relative else (0.0, 0.0)
    if command in "Hh":
        return across + given[0], y
    if command in "Vv":
        return x, down + given[0]
    return across + given[-2], down + given[-1]


def even(places: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return heights in even steps along places that grow unevenly; None where the steps are even.

    Who draws a line leaves out points that lie on it anyway; what it was drawn from had them all. `places`
    and `heights` have shape (points,), in the drawing's own unit; the answer (steps,).
    """
    order = np.argsort(places, kind="stable")
    places, heights = places[order], heights[order]
    steps = np.diff(places)
    steps = steps[steps > 0]
    if len(steps) < LEAST:
        return None
    step = float(np.percentile(steps, SMALL_STEP))
    count = int((places[-1] - places[0]) / step) + 1
    if float(np.median(np.abs(steps - step))) < UNEVEN * step and steps.max() < 1.5 * step:
        return None
    if not len(places) < count <= MOST_EVEN * len(places):
        return None
    found: NDArray[np.float64] = np.interp(places[0] + step * np.arange(count), places, heights)
    return found


def pairs(written: str) -> list[tuple[float, float]]:
    """Return the points of a polyline or polygon; evenly spaced ones are told apart from their heights.

    A number broken in two would make heights of all places behind it.
    """
    found = numbers(written)
    # Places that grow all along are whole, however unevenly.
    heights = None if (np.diff(found[::2]) >= 0).all() else _heights(np.array(found))
    if heights is not None:
        return list(enumerate(heights.tolist()))
    return list(zip(found[::2], found[1::2], strict=False))


def numbers(written: str) -> list[float]:
    """Return the numbers of a list, whatever stands between them."""
    return [float(match[2]) for match in TOKEN.finditer(written) if match[2]][:MOST]


def _heights(numbers: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return what stands between numbers that grow evenly; None where too few do."""
    if len(numbers) < LEAST:
        return None
    steps = numbers[2:] - numbers[:-2]
    sizes, counts = np.unique(np.round(steps[steps != 0.0], 4), return_counts=True)
    if not len(sizes) or counts.max() < EVEN * len(steps):
        return None
    step = float(sizes[counts.argmax()])
    even = np.abs(steps - step) <= max(abs(step) * 0.1, 1e-9)
    places = np.zeros(len(numbers), dtype=bool)
    places[2:] |= even
    places[:-2] |= even
    return numbers[~places]
