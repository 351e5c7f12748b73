"""The figures of a load are what was measured, and the line about where it bends names the right step."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from hub.bench import acts, ground, tally, unsafe_screening, usage
from hub.bench.tally import Act, Step, Use


def _step(sessions: int, **p95_ms: float) -> Step:
    return Step(sessions, {name: Act(9, 0, 1.0, value, value) for name, value in p95_ms.items()}, {})


def test_percentiles_lie_between_the_nearest_measured_ones() -> None:
    found = Act.of([number / 1000 for number in range(101)])
    assert (found.count, found.p50_ms, found.p95_ms, found.p99_ms) == (101, 50, 95, 99)


def test_one_act_is_all_its_percentiles() -> None:
    assert Act.of([0.25]) == Act(1, 0, 250, 250, 250)


def test_errors_are_counted_and_in_no_percentile() -> None:
    assert Act.of([0.25], errors=3).p99_ms == 250
    assert Act.of([], errors=3) == Act(0, 3)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([_step(50, echo=5, page=900), _step(100, echo=5, page=1001)], "bends at 100 sessions: p95 of page"),
        (
            [_step(50, echo=1001, page=9), _step(100, echo=2000, page=2000)],
            "bends at 50 sessions: p95 of echo",
        ),
        ([_step(100, echo=2000, page=9), _step(50, echo=1500, page=9)], "bends at 50 sessions"),
        ([_step(50, echo=1000, page=1000)], "did not bend up to 50 sessions: p95 of echo 1000 ms, page 1000"),
        ([_step(50, echo=5, page=5, review=9000)], "did not bend"),
        ([Step(50, {"page": Act(0, 3)}, {})], "bends at 50 sessions: p95 of page none succeeded"),
        # Of what is refused a percentile says nothing: many refusals are no quick answers.
        (
            [Step(50, {"page": Act(94, 6, 1, 2, 3)}, {})],
            "bends at 50 sessions: p95 of page 2 ms of those that succeeded, 6 of 100 failed;",
        ),
        ([Step(50, {"page": Act(95, 5, 1, 2, 3)}, {})], "did not bend up to 50 sessions"),
    ],
)
def test_it_bends_at_the_first_step_whose_page_or_echo_is_over_the_aim(steps: list[Step], said: str) -> None:
    assert said in tally.bend(steps)


def test_a_step_shows_each_act_and_each_process() -> None:
    lines = Step(20, {"echo": Act(3, 1, 1, 2, 3), "page": Act(0, 2)}, {"gate": Use(12, 90)}).lines()
    assert lines[1].split() == ["20", "echo", "3", "1.0", "2.0", "3.0", "1"]
    assert lines[2].split() == ["20", "page", "0", "–", "–", "–", "2"]
    assert lines[4].split() == ["20", "gate", "12", "90"]


def test_what_measuring_takes_of_the_cores_stands_beside_what_is_measured() -> None:
    used = {"gate": Use(12, 90), "portal": Use(80, 9), "measuring: people": Use(5, 1)}
    last = Step(20, {}, used | {"measuring: kernels": Use(6, 1)}).lines()[-1]
    assert last.strip() == "20 cores: 92 % to what is measured, 11 % to measuring"


def test_what_is_due_is_in_proportion_and_within_the_step() -> None:
    found = acts.due(100, 30)
    assert Counter(name for _, name, _ in found) == {"page": 300, "review": 100, "sign-in": 50, "hand-in": 50}
    assert all(0 < at < 30 for at, _, _ in found)
    assert {name for _, name, _ in acts.due(1, 1)} == set(acts.A_MINUTE[acts.RUSH])
    day = Counter(name for _, name, _ in acts.due(100, 30, acts.DAY))
    assert day == {"page": 300, "review": 10, "sign-in": 10, "hand-in": 5}


def test_a_family_leaves_out_who_is_named_apart() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in usage.family(os.getpid())
        assert child.pid not in usage.family(os.getpid(), apart_from=[child.pid])
    finally:
        child.communicate()


def test_the_use_of_a_child_that_ended_stays() -> None:
    processes = {"tests": os.getpid()}
    before = usage.cpu_seconds(processes)
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert usage.used(processes, before, 1.0)["tests"].cpu_percent > 0


def test_the_stand_in_that_screens_nothing_refuses_an_enclaves_state() -> None:
    assert not unsafe_screening.places.state.name.startswith(ground.PREFIX)
    with pytest.raises(SystemExit, match="really screened"):
        unsafe_screening.main()
