"""Plots as plain shapes for a page: drawn by a template, told in a table too, without a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 8.0, 12.0, 34.0
MOST_LABELS = 12
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

    @property
    def middle(self) -> float:
        """The middle of the mark, where its label stands."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Tick:
    """A line across the plot with the amount it stands for."""

    y: float
    says: str


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

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(mark.value for mark in self.marks)


def bars(title: str, amounts: Sequence[tuple[str, float]], *, unit: str = "") -> Plot:
    """Return a bar for each label and amount, from zero up; an amount below zero raises ValueError."""
    marks, ticks = _laid_out(amounts, unit)
    return Plot(title=title, unit=unit, marks=marks, ticks=ticks)


def line(title: str, amounts: Sequence[tuple[str, float]], *, unit: str = "") -> Plot:
    """Return a line through the amounts in their order, from zero up."""
    marks, ticks = _laid_out(amounts, unit)
    points = [f"{mark.middle:.1f},{mark.y:.1f}" for mark in marks]
    return Plot(title=title, unit=unit, marks=marks, ticks=ticks, path=" ".join(points))


def _laid_out(amounts: Sequence[tuple[str, float]], unit: str) -> tuple[tuple[Mark, ...], tuple[Tick, ...]]:
    if any(value < 0 or not math.isfinite(value) for _, value in amounts):
        raise ValueError("a plot's amounts are finite and not below zero")
    step = _step(max((value for _, value in amounts), default=0.0))
    top = step * max(1, math.ceil(max((value for _, value in amounts), default=0.0) / step))
    room = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(amounts))
    every = math.ceil(len(amounts) / MOST_LABELS) or 1
    marks = tuple(
        Mark(
            label=label,
            value=value,
            says=f"{label}: {written(value)}{' ' + unit if unit else ''}",
            x=LEFT + slot * at + slot * 0.1,
            y=TOP + room * (1 - value / top),
            width=slot * 0.8,
            height=room * value / top,
            named=at % every == 0,
        )
        for at, (label, value) in enumerate(amounts)
    )
    count = round(top / step)
    ticks = tuple(Tick(y=TOP + room * (1 - at / count), says=written(step * at)) for at in range(count + 1))
    return marks, ticks


def _step(most: float) -> float:
    """Return a round distance between lines: 1, 2 or 5 times a power of ten, four or five lines in all."""
    if most < LEAST:
        return 1.0
    rough = most / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= rough)


def written(value: float) -> str:
    """Return an amount as people write it: no more than two places, none where it is whole."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")
