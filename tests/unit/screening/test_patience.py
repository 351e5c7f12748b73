"""One bound on the time of a file: its parts share it, and the same numbers are compared only once."""

from __future__ import annotations

import numpy as np

from egress_review.screening.limits import Limits
from egress_review.screening.sound import patience


def counted() -> tuple[list[int], object]:
    calls: list[int] = []
    return calls, lambda: calls.append(1) or len(calls)


def test_numbers_and_their_rounded_copy_are_compared_once_a_file() -> None:
    values = np.random.default_rng(1).normal(size=(50, 3))
    rounded = np.array([float(f"{one:.6g}") for one in values.ravel()]).reshape(values.shape)
    calls, compare = counted()
    with patience.bounded(Limits()):
        assert patience.once(values, compare) == 1
        assert patience.once(rounded, compare) == 1
        assert len(calls) == 1


def test_other_numbers_another_shape_and_another_file_are_compared() -> None:
    values = np.random.default_rng(1).normal(size=(50, 3))
    other = values.copy()
    other[7, 1] *= 1.001
    calls, compare = counted()
    with patience.bounded(Limits()):
        for one in (values, other, values.T, values.reshape(3, 50)):
            patience.once(one, compare)
        assert len(calls) == 4
    with patience.bounded(Limits()):
        patience.once(values, compare)
    patience.once(values, compare)
    assert len(calls) == 6
