"""Figures of people with and without one of them: found wherever they stand, and told from chance."""

from __future__ import annotations

import statistics

import pytest

from egress_review.screening.disclosure import left_out, said
from tests.unit.screening.crowd import CROWD, INDEX, LIMITS

PEOPLE = INDEX.people
FEWER = [row for row in CROWD if row["speaker"] != "p007x"]
MANY_FEWER = [row for row in CROWD if row["region"] != "east"]


def figure(rows: list[dict[str, str]], column: str, decimals: int, how: str = "mean") -> str:
    """Return a statistic of a column, written to so many decimals."""
    values = [float(row[column]) for row in rows]
    found = {"mean": statistics.mean, "sum": sum, "deviation": statistics.stdev}[how](values)
    return f"{found:.{decimals}f}"


@pytest.mark.parametrize(("column", "how"), [("seconds", "mean"), ("f0_hz", "sum"), ("snr_db", "deviation")])
def test_one_speaker_less_is_told_by_two_figures(column: str, how: str) -> None:
    both = [figure(rows, column, 5, how) for rows in (CROWD, FEWER)]
    found = left_out.pairs(both, (), PEOPLE)
    assert found is not None
    assert found.sure
    assert how in found.what
    assert set(found.cells) == set(both)
    # One of them may be of another file, but not both of what left earlier.
    assert left_out.pairs(both[:1], both[1:], PEOPLE) is not None
    assert left_out.pairs((), both, PEOPLE) is None


def test_many_people_less_or_rounded_figures_tell_nobody() -> None:
    many = [figure(rows, "seconds", 5) for rows in (CROWD, MANY_FEWER)]
    assert left_out.pairs(many, (), PEOPLE) is None
    rounded = [figure(rows, "seconds", 1) for rows in (CROWD, FEWER)]
    assert left_out.pairs(rounded, (), PEOPLE) is None


def test_a_curve_that_meets_a_mean_by_chance_is_none() -> None:
    curve = [f"{5.2 - step / 1000:.3f}" for step in range(390)]
    found = left_out.pairs(curve, (), PEOPLE)
    assert found is None


@pytest.mark.parametrize(
    ("text", "others", "found"),
    [
        ("All 68 speakers have 12.31 %. Without the outlier 67 speakers have 12.05 %.", (), True),
        ("The 68 speakers have 12.31 %.", ("The 67 speakers have 12.05 %.",), True),
        ("Of 68 speakers (12.31 %) we removed one; 67 speakers remain (12.05 %).", (), True),
        ("In the north 68 speakers have 12.31 %. In the south 67 speakers have 12.05 %.", (), False),
        ("Fold 1: 68 speakers, 12.31 %.\n\nFold 2: 67 speakers, 12.05 %.", (), False),
        ("north 68 speakers 0.25\nsouth 67 speakers 0.3\nwest 66 speakers 0.13", (), False),
        ("All 8 speakers have 8.03 %. Leaving one out, the other 7 speakers have 9.24 %.", (), True),
        ("We recorded 68 speakers. Without the outlier 67 speakers have 12.05 %.", (), False),
        ("The 68 speakers have 12.31 %.", ("The 40 speakers have 12.05 %.",), False),
    ],
)
def test_two_sentences_tell_about_those_whom_one_of_them_leaves_out(
    text: str, others: tuple[str, ...], found: bool
) -> None:
    assert bool(said.without_some(text, others, LIMITS)) is found
