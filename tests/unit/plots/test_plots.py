"""Plots: amounts become shapes that are in proportion, and bad amounts are refused."""

from __future__ import annotations

import itertools
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


def test_names_that_would_touch_each_other_get_a_line_each() -> None:
    states = [("handed in", 3.0), ("in review", 1.0), ("sent back with comments by its checkers", 0.0)] * 4
    plot = plots.bars("States", states)
    assert plot.lies
    assert [mark.level for mark in plot.marks] == sorted({mark.level for mark in plot.marks})
    assert all(mark.x + mark.width <= plot.right for mark in plot.marks)
    page = render_to_string("plots/_plot.html", {"plot": plot})
    assert ">in review</text>" in page
    assert ">sent back with comments b…</text>" in page
    assert "<td>sent back with comments by its checkers</td>" in page
    assert not plots.bars("Years", [("2025", 3.0), ("2026", 1.0)]).lies


def test_what_is_counted_is_measured_in_whole_steps() -> None:
    assert [tick.says for tick in plots.bars("Sessions", [("a", 2.0)]).ticks] == ["0", "1", "2"]
    small = [tick.says for tick in plots.line("Hours", [("a", 0.011)]).ticks]
    assert len(set(small)) == len(small)


def test_days_are_named_as_far_apart_as_they_can_be_read() -> None:
    days = plots.bars("Entries", [(f"{day} November", 1.0) for day in range(1, 31)])
    named = [mark for mark in days.marks if mark.named]
    assert min(b.middle - a.middle for a, b in itertools.pairwise(named)) >= len("30 November") * plots.LETTER


def test_a_bar_that_stands_alone_is_a_bar_in_the_middle() -> None:
    (mark,) = plots.bars("By institution", [("North", 3.0)]).marks
    assert mark.width == plots.WIDEST
    assert mark.middle == (plots.LEFT + plots.WIDTH - plots.RIGHT) / 2
