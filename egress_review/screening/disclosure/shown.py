"""Numbers as they are shown: what a cell says, to how many digits, and what it may have been."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.numbers import NUMBER
from egress_review.screening.people import Floats

UNIT = re.compile(
    r"^\(?(?P<number>[+\-\u2212]?[\d.,]*\d(?:[eE][+-]?\d{1,3})?)\)?\s*(?P<unit>%|[^\W\d_]{0,4})\**$"
)
GROUPED = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
LOOSE = re.compile(r"(?<![\w.,:/\-])[+-]?\d+[.,]\d{2,}(?:[eE][+-]?\d{1,3})?(?![\w:/]|[.,]\d)")
# Behind a comma that parts two values: what follows is no thousands of what stands before it.
BEHIND_COMMA = re.compile(r"(?<![\w.'\"])[\w.'\"]+,(?!\d{3}(?:[.,]|\b))([+-]?\d+\.\d{2,})(?![\w:/]|[.,]\d)")
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")  # where one ends and the next begins
LARGEST = 1e15
PRECISE = 300  # about two and a half digits
ALIKE = 8  # numbers written to the same digit whose lattice is hardly one by chance

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shown:
    """Distinct numbers as shown: values, the unit to which each is meant, and that of its last digit."""

    values: Floats
    units: Floats
    written: Floats
    cut_off: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def low(self) -> Floats:
        """The least that each may have been before it was rounded, or cut off. Shape (numbers,)."""
        if self.cut_off:
            return self.values - np.where(self.values < 0, self.units, 1e-7 * self.units)
        return self.values - 0.5000001 * self.units

    @property
    def high(self) -> Floats:
        """The most that each may have been before it was rounded, or cut off. Shape (numbers,)."""
        if self.cut_off:
            return self.values + np.where(self.values < 0, 1e-7 * self.units, self.units)
        return self.values + 0.5000001 * self.units

    @cached_property
    def step(self) -> Floats:
        """How far apart numbers of this kind lie: their lattice, never finer than what is written.

        Those that are written alike may lie on a wider one than all: every second epoch among losses.
        """
        unit = float(self.units.min(initial=math.inf))
        steps = np.maximum(self.written, _lattice(self.values, unit))
        for written in np.unique(self.written):
            alike = self.written == written
            if np.count_nonzero(alike) >= ALIKE:
                steps[alike] = np.maximum(steps[alike], _lattice(self.values[alike], float(written)))
        return steps

    @property
    def precise(self) -> bool:
        """Whether most of the numbers are shown to enough digits to be recognised in a disguise."""
        return bool(len(self)) and bool(np.mean(np.abs(self.values) >= PRECISE * self.units) >= 0.5)

    def moved(self, steps: Sequence[float]) -> Shown:
        """Return the numbers moved by each of some steps, in units of `step`, one after the other."""
        values = self.values + np.array(steps, dtype=np.float64)[:, None] * self.step
        count = len(steps)
        return Shown(values.ravel(), np.tile(self.units, count), np.tile(self.written, count), self.cut_off)

    def chosen(self, mask: NDArray[np.bool_]) -> Shown:
        """Return some of the numbers. `mask` has shape (numbers,)."""
        if mask.all():
            return self
        return replace(self, values=self.values[mask], units=self.units[mask], written=self.written[mask])


def _lattice(values: Floats, unit: float) -> float:
    """Return the widest unit of which all values are multiples, if they are of this one; 0 without any."""
    if not len(values) or not math.isfinite(unit) or unit <= 0:
        return 0.0
    whole = np.abs(np.rint(values / unit))
    if whole.max(initial=0) > LARGEST:
        return 0.0
    return (int(np.gcd.reduce(whole.astype(np.int64))) or 1) * unit


def number(cell: str) -> tuple[float, float] | None:
    """Return what a cell shows and the unit of its last digit; None where it is no number.

    A unit behind it, a percent sign, stars, thousands' commas and a decimal comma are understood.
    """
    text = cell.strip().replace("\u2212", "-").replace("\u00a0", "").replace(" ", "")
    if not NUMBER.fullmatch(text):
        if not text or len(text) > 40 or not any(c.isdigit() for c in text):
            return None
        match = UNIT.match(text)
        if match is None:
            return None
        text = match["number"]
        text = text.replace(",", "") if GROUPED.match(text) else text.replace(",", ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not -40 < exponent < 40 or abs(value) > LARGEST:
        return None
    return float(value), float(10.0 ** min(exponent, 0)) if exponent <= 0 else float(10.0**exponent)


def shown(cells: Iterable[str], most: int = 400) -> Shown:
    """Return the distinct numbers of cells, at most about `most` of them, from all over."""
    written = list(dict.fromkeys(cells))
    # Of a long scale evenly spread steps are a scale still.
    numbers = _read(written[:: max(1, math.ceil(len(written) / most))], most)
    if len(written) <= most or regular(numbers):
        return numbers
    return _read(_some(written, 4 * most), most)


def _read(cells: Iterable[str], most: int) -> Shown:
    found: dict[float, float] = {}
    for cell in cells:
        value = number(cell)
        if value is not None:
            found[value[0]] = max(value[1], found.get(value[0], 0.0))
    items = _some(list(found.items()), most)
    units = np.array([unit for _, unit in items], dtype=float)
    # A zero at the end is seldom written: "0.02" among numbers of six decimals has six, too.
    meant = np.minimum(units, np.quantile(units, 0.6, method="higher")) if len(units) else units
    return Shown(np.array([value for value, _ in items], dtype=float), meant, units)


def _some(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Return at most so many, always the same: of every second row of a table all numbers may be even."""
    if len(items) <= most:
        return items
    drawn = random.Random(most).sample(range(len(items)), most)  # noqa: S311 - spreads, keeps no secret
    return [items[at] for at in sorted(drawn)]


def loose(text: str) -> list[str]:
    """Return the decimal fractions written in a text; dates, versions and addresses are none."""
    return [*LOOSE.findall(text), *BEHIND_COMMA.findall(text)]


def regular(numbers: Shown) -> bool:
    """Return whether numbers are the steps of a scale: even, or growing by an even factor."""
    if len(numbers) < 3:
        return False
    ordered = np.sort(numbers.values)
    gaps = np.diff(ordered)
    slack = 2.0 * float(numbers.units.max()) + 1e-9
    if float(gaps.max() - gaps.min()) <= slack and float(gaps.min()) > 0.5 * slack:
        return True
    if ordered[0] > 0:
        ratios = ordered[1:] / ordered[:-1]
        return bool(ratios.max() - ratios.min() < 0.002 * ratios.mean() and ratios.min() > 1.01)
    return False
