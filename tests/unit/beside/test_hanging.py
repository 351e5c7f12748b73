"""A work that does not come back in a worker that lives: named with where it stands, ended within bounds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from hub import beside, control_loop
from hub.beside import GRACE_SECONDS, STEP_SECONDS, Beside, Ends, Work
from hub.doctor import processes
from hub.places import Places, from_environment

log = logging.getLogger("test")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return replace(from_environment(), run=tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that somebody sets; files are as new as it says."""
    at = [100_000.0]
    monkeypatch.setattr(beside, "now", lambda: at[0])
    return at


def within(
    places: Places, act: Callable[[Beside], object], *, left: list[int], others: tuple[Work, ...] = ()
) -> Beside:
    """Do something in a work's step, and then come back from it."""
    made: list[Beside] = []

    def step(stop: Event) -> None:
        beside.goes_on()
        act(made[0])
        stop.set()

    works = [Work("screenings", "results are screened", step), *others]
    made.append(Beside(places, works, Event(), leave=left.append))
    made[0].keep(works[0])
    return made[0]


def test_a_work_that_does_not_come_back_is_named_with_where_it_stands_and_what_waits(
    places: Places, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    said = []

    def act(both: Beside) -> None:
        for seconds in (STEP_SECONDS - 1, 1, 10):
            both.count(seconds)
            said.append(processes.works(places))

    within(places, act, left=[])
    assert [one.ok for one in said] == [True, False, False]
    assert said[2].detail.startswith("screenings hangs for 610 seconds (in hub/beside.py:")
    assert said[2].detail.endswith("and is not kept meanwhile: results are screened")
    (told,) = [one for one in caplog.records if one.getMessage().startswith("work_hangs work=screenings")]
    assert "test_hanging.py" in told.getMessage(), "the log has the whole stack"


def test_who_says_that_it_goes_on_or_rests_does_not_hang(places: Places, clock: list[float]) -> None:
    said = []

    def act(both: Beside) -> None:
        for rests in (0.0, 300.0):
            both.count(STEP_SECONDS - 1)
            beside.goes_on(rests_seconds=rests)
            both.count(STEP_SECONDS - 1 + rests)
            said.append(processes.works(places).ok)

    within(places, act, left=[])
    assert said == [True, True]


def test_the_loop_beside_the_worker_says_so_for_its_works(places: Places, clock: list[float]) -> None:
    said = []

    def step(both: Beside) -> None:
        stop = Event()

        def look() -> None:
            said.append(both._told["screenings"].silent)
            both.count(100)
            if len(said) == 3:
                stop.set()

        control_loop.run(look, stop=stop, every_seconds=0.001, log=log, failed="%s")
        said.append(both._told["screenings"].silent)

    within(places, step, left=[])
    assert said == [0, 0, 0, -0.001]


def test_after_some_grace_the_worker_ends_and_begins_anew_within_bounds(
    places: Places, clock: list[float]
) -> None:
    """At once, then ten minutes later, twenty, forty, and never more often than once in an hour."""
    ends, began = [], clock[0]
    for _ in range(5):
        left: list[int] = []

        def act(both: Beside, left: list[int] = left) -> None:
            assert not both.count(STEP_SECONDS + GRACE_SECONDS - 1)
            while not both.count(1):
                clock[0] += 60
            both._over.set()
            both._end()
            assert left == [beside.HUNG_STATUS] and both._stop.is_set()

        within(places, act, left=left)
        ends.append((clock[0] - began) / 60)
    assert ends == [0, 10, 30, 70, 130]
    clock[0] += 2 * beside.LONGEST_END_SECONDS
    assert Ends.read(places.run / "worker" / "ends.json", at=clock[0]).number == 0


def test_a_work_that_hung_is_believed_when_it_has_gone_on_for_as_long(
    places: Places, clock: list[float]
) -> None:
    within(places, lambda both: (both.count(STEP_SECONDS), both._over.set(), both._end()), left=[])
    said = []

    def look(both: Beside) -> None:
        for seconds in (0, STEP_SECONDS):
            clock[0] += seconds
            beside.goes_on()
            both.count(1)
            said.append(processes.works(places))

    other = Work("notices", "people are told", lambda stop: None)
    within(places, look, left=[], others=(other,))
    assert said[0].detail.startswith("screenings hung (in hub/beside.py:")
    assert "began anew 1 times" in said[0].detail
    assert "screenings" not in said[1].detail


def test_where_the_whole_process_stood_still_that_counts_for_no_work(
    places: Places, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[float] = []
    both = Beside(places, [], Event())

    def count(seconds: float) -> bool:
        counted.append(seconds)
        clock[0] += 3600
        if len(counted) == 3:
            both._over.set()
        return False

    monkeypatch.setattr(beside, "BEAT_SECONDS", 0.001)
    monkeypatch.setattr(both, "count", count)
    both._beat()
    assert counted == [0, 0.002, 0.002]


@pytest.mark.parametrize("spoilt", ["", "[]", '{"number": "x"}', '{"number": 3, "at": 1e12, "works": {}}'])
def test_what_is_known_of_no_earlier_end_lets_the_worker_end(spoilt: str, places: Places) -> None:
    file = places.run / "ends.json"
    file.write_text(spoilt)
    assert Ends.read(file, at=beside.now()).may(beside.now())
