"""How often as much is met by chance."""

from __future__ import annotations

import math


def binomial(count: int, of: int, share: float) -> float:
    """Return the chance that `count` or more of `of` are met, each with a chance of `share`."""
    if not 0 < share < 1:
        return float(count <= of * share)
    # In logarithms: there are more ways to choose some of a thousand than a float can hold.
    ways = (math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) for k in range(count, of + 1))
    log, other = math.log(share), math.log1p(-share)
    return sum(math.exp(way + k * log + (of - k) * other) for k, way in enumerate(ways, count))


def poisson(count: int, expected: float) -> float:
    """Return the chance that `count` or more are met where so many are expected."""
    if not expected:
        return float(count <= 0)
    log = math.log(expected)
    return max(1 - sum(math.exp(k * log - expected - math.lgamma(k + 1)) for k in range(count)), 0.0)
