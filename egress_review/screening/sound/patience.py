"""How long one file may keep the comparison with recordings busy, over all the parts that it holds.

Counted in seconds of the processor, so that what is found does not depend on how busy the machine is; the
wall clock ends the whole file outside (`isolation`), and that is a block.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from egress_review.screening.limits import Limits

SHARE = 0.6  # of the time for a file, after which nothing more is compared
ENDS: ContextVar[float] = ContextVar("ends", default=float("inf"))


@contextmanager
def bounded(limits: Limits) -> Iterator[None]:
    """Compare for at most a share of the time for a file, counted from now."""
    before = ENDS.set(time.process_time() + SHARE * limits.seconds_per_file)
    try:
        yield
    finally:
        ENDS.reset(before)


def seconds(limits: Limits, share: float) -> float:
    """Return how long one part may be compared: its share of the time for a file, or what is left of that."""
    return max(min(share * limits.seconds_per_file, ENDS.get() - time.process_time()), 0.0)
