"""Building an index takes hours and says all along that it goes on; what hangs says nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
GoesOn = Callable[[], object]


def silent() -> None:
    """Say nothing, where nobody waits."""


def told(items: Iterable[T], goes_on: GoesOn) -> Iterator[T]:
    """Yield the items, and say at each that the work goes on."""
    for item in items:
        goes_on()
        yield item
