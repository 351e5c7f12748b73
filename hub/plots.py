"""Plots as plain shapes for a page: drawn by a template, told in a table too, without a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 8.0, 12.0, 34.0
MOST_LABELS = 12
# A letter where plots are small is this wide, in their own units; names that touch can't be read.
LETTER = 10.7
ROW, LONGEST_NAME = 32.0, 26
# A bar that stands alone is no wall.
WIDEST = 110.0
# What is less is nothing to a plot.
LEAST = 1e-12


@dataclass(frozen=True)
class Mark:
    """A bar or a point: what it stands for, how much, and where it is drawn."""

    label: str
    value: float
    says: str
    x: float
    y: float
    width: float
    height: float
    # Whether there is room to write the label below it.
    named: bool
    # What stands beside a lying bar: the whole name, or its beginning.
    name: str = ""

    @property
    def middle(self) -> float:
        """The middle of the mark, where its label stands."""
        return self.x + self.width / 2

    @property
    def level(self) -> float:
        """The height at which the name of a lying bar stands."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Tick:
    """A line across the plot with the amount it stands for; `x` is its place where bars lie."""

    y: float
    says: str
    x: float = 0.0


@dataclass(frozen=True)
class Plot:
    """One series of amounts with a title; `path` joins its points where it is a line."""

    title: str
    unit: str
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    path: str = ""
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    base: float = HEIGHT - BOTTOM
    lies: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(mark.value for mark in self.marks)


def bars(title: str, amounts: Sequence[tuple[str, float]], *, unit: str = "") -> Plot:
    """Return a bar for each label and amount, from zero up; an amount below zero raises ValueError.

    Where the names would touch each other below standing bars, the bars lie and each name has a line.
    """
    _require_drawable(amounts)
    if _would_touch(amounts):
        return _lying(title, amounts, unit)
    marks, ticks = _laid_out(amounts, unit)
    return Plot(title=title, unit=unit, marks=marks, ticks=ticks)


def line(title: str, amounts: Sequence[tuple[str, float]], *, unit: str = "") -> Plot:
    """Return a line through the amounts in their order, from zero up."""
    _require_drawable(amounts)
    marks, ticks = _laid_out(amounts, unit)
    points = [f"{mark.middle:.1f},{mark.y:.1f}" for mark in marks]
    return Plot(title=title, unit=unit, marks=marks, ticks=ticks, path=" ".join(points))


def _require_drawable(amounts: Sequence[tuple[str, float]]) -> None:
    if any(value < 0 or not math.isfinite(value) for _, value in amounts):
        raise ValueError("a plot's amounts are finite and not below zero")


def _would_touch(amounts: Sequence[tuple[str, float]]) -> bool:
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(amounts))
    return len(amounts) <= MOST_LABELS and any(len(label) * LETTER > slot for label, _ in amounts)


def _lying(title: str, amounts: Sequence[tuple[str, float]], unit: str) -> Plot:
    """Return the bars from left to right, each name in full at its left."""
    step, top = _scale(amounts)
    names = [label if len(label) <= LONGEST_NAME else f"{label[: LONGEST_NAME - 1]}…" for label, _ in amounts]
    left = max(len(name) for name in names) * LETTER + 14
    room = WIDTH - left - RIGHT - LETTER
    base = TOP + ROW * len(amounts)
    marks = tuple(
        Mark(
            label=label,
            value=value,
            says=_says(label, value, unit),
            x=left,
            y=TOP + ROW * at + ROW * 0.15,
            width=room * value / top,
            height=ROW * 0.7,
            named=True,
            name=name,
        )
        for at, ((label, value), name) in enumerate(zip(amounts, names, strict=True))
    )
    count = round(top / step)
    ticks = tuple(
        Tick(y=base, says=written(step * at), x=left + room * at / count) for at in range(count + 1)
    )
    return Plot(
        title=title,
        unit=unit,
        marks=marks,
        ticks=ticks,
        height=base + BOTTOM,
        left=left,
        base=base,
        lies=True,
    )


def _laid_out(amounts: Sequence[tuple[str, float]], unit: str) -> tuple[tuple[Mark, ...], tuple[Tick, ...]]:
    step, top = _scale(amounts)
    room = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(amounts))
    longest = max((len(label) for label, _ in amounts), default=0)
    every = max(math.ceil(len(amounts) / MOST_LABELS), math.ceil(longest * LETTER / slot), 1)
    width = min(slot * 0.8, WIDEST)
    marks = tuple(
        Mark(
            label=label,
            value=value,
            says=_says(label, value, unit),
            x=LEFT + slot * at + (slot - width) / 2,
            y=TOP + room * (1 - value / top),
            width=width,
            height=room * value / top,
            named=at % every == 0,
        )
        for at, (label, value) in enumerate(amounts)
    )
    count = round(top / step)
    ticks = tuple(Tick(y=TOP + room * (1 - at / count), says=written(step * at)) for at in range(count + 1))
    return marks, ticks


def _says(label: str, value: float, unit: str) -> str:
    return f"{label}: {written(value)}{' ' + unit if unit else ''}"


def _scale(amounts: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """Return the distance between lines and the amount of the last; what is counted has no halves."""
    most = max((value for _, value in amounts), default=0.0)
    step = _step(most)
    if all(float(value).is_integer() for _, value in amounts):
        step = max(1.0, step)
    return step, step * max(1, math.ceil(most / step))


def _step(most: float) -> float:
    """Return a round distance between lines: 1, 2 or 5 times a power of ten, four or five lines in all."""
    if most < LEAST:
        return 1.0
    rough = most / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= rough)


def written(value: float) -> str:
    """Return an amount as people write it: two places at most, none where it is whole, two digits if tiny."""
    if 0 < value < 0.1:
        return f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".")
    return f"{value:,.2f}".rstrip("0").rstrip(".")
