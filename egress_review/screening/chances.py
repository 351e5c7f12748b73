"""How often as much is met by chance."""

from __future__ import annotations

import math


def binomial(count: int, of: int, share: float) -> float:
    """Return the chance that `count` or more of `of` are met, each with a chance of `share`."""
    return sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1))


def poisson(count: int, expected: float) -> float:
    """Return the chance that `count` or more are met where so many are expected."""
    return 1 - sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(count))
