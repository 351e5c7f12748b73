"""Chances are right where they are small sums, and numbers where they are sums of very many."""

from __future__ import annotations

import math

import pytest

from egress_review.screening import chances
from egress_review.screening.identifiers import Identifiers


def test_a_few_of_a_few() -> None:
    assert chances.binomial(2, 3, 0.1) == pytest.approx(3 * 0.01 * 0.9 + 0.001)
    assert chances.binomial(0, 3, 0.1) == pytest.approx(1)
    assert (chances.binomial(3, 3, 1.0), chances.binomial(1, 3, 0.0)) == (1, 0)
    assert chances.poisson(2, 0.5) == pytest.approx(1 - math.exp(-0.5) * 1.5)
    assert (chances.poisson(1, 0), chances.poisson(0, 0)) == (0, 1)


def test_many_of_very_many() -> None:
    assert chances.binomial(1_000, 2_000, 0.5) == pytest.approx(0.509, abs=0.001)
    assert chances.binomial(2_900, 3_000, 0.5) < 1e-100
    assert chances.poisson(300, 10) < 1e-9
    assert chances.poisson(400, 500) == pytest.approx(1, abs=0.001)


def test_a_long_column_of_numbers_is_judged() -> None:
    ids = Identifiers.of(recordings=[f"h{number:06d}" for number in range(9_000)], speakers=[])
    assert ids.column([str(number) for number in range(1, 9_000, 6)]) is None
    sparse = Identifiers.of(recordings=[f"h{number:06d}" for number in range(1, 90_000, 17)], speakers=[])
    assert sparse.column([str(number) for number in range(1, 90_000, 34)]) is not None
