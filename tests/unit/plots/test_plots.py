"""Plots: amounts become shapes that are in proportion, and bad amounts are refused."""

from __future__ import annotations

import math

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from hub import plots


@given(st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=40))
def test_bars_stand_inside_the_plot_and_are_in_proportion(amounts: list[float]) -> None:
    plot = plots.bars("Hours", [(str(at), value) for at, value in enumerate(amounts)])
    for mark in plot.marks:
        assert plots.TOP - 0.01 <= mark.y <= plot.base + 0.01
        assert mark.y + mark.height == pytest.approx(plot.base)
    heights = [mark.height for mark in plot.marks]
    if max(amounts) > 1e-6:
        ratio = [height / max(heights) for height in heights]
        assert ratio == pytest.approx([value / max(amounts) for value in amounts], abs=1e-6)


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_an_amount_that_cannot_be_drawn_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite and not below zero"):
        plots.bars("Hours", [("a", wrong)])


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (1200, "1,200"), (0.25, "0.25"), (10, "10"), (1.5, "1.5")]
)
def test_amounts_are_written_as_people_write_them(value: float, said: str) -> None:
    assert plots.written(value) == said


def test_a_drawn_plot_says_each_amount_in_a_table_too() -> None:
    page = render_to_string(
        "plots/_plot.html", {"plot": plots.line("Hours", [("<b>", 2.0), ("b", 4)], unit="h")}
    )
    assert "<polyline" in page
    assert "<b>" not in page
    assert "<td>4</td>" in page


def test_an_empty_plot_says_so() -> None:
    assert "Nothing to draw yet" in render_to_string("plots/_plot.html", {"plot": plots.bars("Hours", [])})
