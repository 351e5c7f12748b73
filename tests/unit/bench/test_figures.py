"""Percentiles, ratios and the table: what a measurement says, and what it must not say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bench import figures
from hub.bench.figures import Case

SECONDS = st.floats(min_value=0.001, max_value=1000)


def test_no_start_is_no_figure() -> None:
    made = figures.summary([])
    assert (made.n, made.failed, made.p50, made.p95, made.low, made.high) == (0, 0, None, None, None, None)


def test_a_failed_start_is_counted_and_in_no_percentile() -> None:
    made = figures.summary([2.0, None, 4.0, None])
    assert (made.n, made.failed, made.p50, made.low, made.high) == (2, 2, 3.0, 2.0, 4.0)


def test_one_start_is_every_percentile() -> None:
    made = figures.summary([3.5])
    assert (made.n, made.p50, made.p95, made.low, made.high) == (1, 3.5, 3.5, 3.5, 3.5)


def test_percentiles_lie_between_the_nearest_starts_in_proportion() -> None:
    # Twenty-one starts: the median is the eleventh, the 95th percentile the twentieth.
    made = figures.summary([float(second) for second in range(21, 0, -1)])
    assert made.p50 == pytest.approx(11.0)
    assert made.p95 == pytest.approx(20.0)


@given(st.lists(SECONDS, min_size=1))
def test_no_percentile_leaves_what_was_measured(seconds: list[float]) -> None:
    made = figures.summary(seconds)
    assert made.low is not None and made.p50 is not None and made.p95 is not None and made.high is not None
    close = 1e-9 * made.high
    assert made.low - close <= made.p50 <= made.p95 + close
    assert made.p95 <= made.high + close


def test_the_ratio_is_ours_over_stocks() -> None:
    assert Case("one at a time", (2.0, 2.0), (4.0, 4.0)).ratios() == (0.5, 0.5)


def test_without_a_start_on_a_side_there_is_no_ratio_and_no_verdict() -> None:
    case = Case("one at a time", (2.0,), (None,))
    assert case.ratios() == (None, None)
    assert "cannot be judged" in figures.verdict(case)


@pytest.mark.parametrize(
    ("ours", "said"), [(1.06, "is missed: 1.06"), (1.05, "is met: 1.05"), (0.9, "is met: 0.90")]
)
def test_the_verdict_says_whether_the_aim_is_met(ours: float, said: str) -> None:
    assert said in figures.verdict(Case("one at a time", (ours,), (1.0,)))


def test_a_ratio_that_only_rounds_to_the_aim_misses_it() -> None:
    assert "is missed" in figures.verdict(Case("one at a time", (1.0502,), (1.0,)))


def test_the_table_shows_every_case_and_both_sides_in_line() -> None:
    cases = [Case("one at a time", (2.0, 4.0), (4.0, None)), Case("10 at once", (), ())]
    assert figures.table(cases).splitlines() == [
        "seconds                      n  failed     p50     p95     min     max",
        "",
        "one at a time",
        "  Parlatory                  2       0    3.00    3.90    2.00    4.00",
        "  stock                      1       1    4.00    4.00    4.00    4.00",
        "  ratio                                   0.75    0.97",
        "",
        "10 at once",
        "  Parlatory                  0       0       –       –       –       –",
        "  stock                      0       0       –       –       –       –",
        "  ratio                                      –       –",
    ]


def test_json_carries_every_start() -> None:
    document = json.loads(json.dumps(Case("one at a time", (2.0, None), (4.0,)).plain()))
    assert document["parlatory"]["seconds"] == [2.0, None]
    assert (document["stock"]["n"], document["ratio_p50"], document["ratio_p95"]) == (1, 0.5, 0.5)
