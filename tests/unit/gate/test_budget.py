"""The byte budget never gives more than the portal allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.gate.budget import Meter


def test_a_new_meter_lets_nothing_through() -> None:
    assert not Meter().take(1)


def test_a_message_that_does_not_fit_is_not_counted() -> None:
    meter = Meter(left_at_report=10)
    assert not meter.take(11)
    assert meter.left == 10
    assert meter.take(10)
    assert not meter.take(1)


def test_a_negative_size_gives_nothing_back() -> None:
    meter = Meter(left_at_report=10, unreported=10)
    assert not meter.take(-5)
    assert meter.left == 0


def test_a_report_that_got_lost_is_reported_again() -> None:
    meter = Meter(left_at_report=100)
    meter.take(40)
    assert meter.report() == 40
    meter.take(10)
    assert meter.report() == 50
    assert meter.left == 50


@given(
    budget=st.integers(0, 10_000),
    steps=st.lists(st.tuples(st.sampled_from(["take", "report", "lost"]), st.integers(0, 3000)), max_size=60),
)
def test_what_was_sent_never_exceeds_the_budget(budget: int, steps: list[tuple[str, int]]) -> None:
    meter, at_portal, sent = Meter(), 0, 0
    meter.report()
    meter.acknowledge(budget)
    for what, size in steps:
        if what == "take" and meter.take(size):
            sent += size
        elif what == "report":
            at_portal += meter.report()
            meter.acknowledge(max(0, budget - at_portal))
        elif what == "lost":
            meter.report()
    assert sent <= budget
    assert at_portal <= sent
