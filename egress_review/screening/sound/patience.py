"""How long one file may keep the comparison with recordings busy, over all the parts that it holds.

Counted in seconds of the processor, so that what is found does not depend on how busy the machine is; the
wall clock ends the whole file outside (`isolation`), and that is a block.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.limits import Limits

T = TypeVar("T")
Doubles = NDArray[np.float64]

SHARE = 0.6  # of the time for a file, after which nothing more is compared
ENDS: ContextVar[float] = ContextVar("ends", default=float("inf"))
SAME = 1e-5  # of a number by which its rounded copy differs from it
REMEMBERED = 4_000_000  # numbers of one file of which is remembered what came of them
COMPARED: ContextVar[list[tuple[Doubles, object]] | None] = ContextVar("compared", default=None)


COUNTED: ContextVar[list[int] | None] = ContextVar("counted", default=None)


@contextmanager
def bounded(limits: Limits) -> Iterator[None]:
    """Compare for at most a share of the time for a file, counted from now."""
    before = ENDS.set(time.process_time() + SHARE * limits.seconds_per_file)
    compared = COMPARED.set([])
    counted_ = COUNTED.set([])
    try:
        yield
    finally:
        ENDS.reset(before)
        COMPARED.reset(compared)
        COUNTED.reset(counted_)


def seconds(limits: Limits, share: float) -> float:
    """Return how long one part may be compared: its share of the time for a file, or what is left of that."""
    return max(min(share * limits.seconds_per_file, ENDS.get() - time.process_time()), 0.0)


def spend(seconds: float) -> None:
    """Take from the time for comparing what another slow check of the same file has used."""
    ENDS.set(ENDS.get() - seconds)


def counted(size: int) -> int:
    """Return how many numbers of the file's tables were compared, with these."""
    sizes = COUNTED.get()
    if sizes is None:
        return size
    sizes.append(size)
    return sum(sizes)


def once(values: Doubles, compare: Callable[[], T]) -> T:
    """Return what comparing these numbers gives, or gave before in the same file for them before rounding."""
    compared = COMPARED.get()
    if compared is None:
        return compare()
    for known, found in compared:
        if known.shape == values.shape and np.allclose(known, values, rtol=SAME, atol=0.0):
            return cast(T, found)
    found = compare()
    if sum(known.size for known, _ in compared) + values.size <= REMEMBERED:
        compared.append((values, found))
    return found
