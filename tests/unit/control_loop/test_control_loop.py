"""The loop beside the worker: goes on after what may pass, ends on what may not, and holds no connection."""

from __future__ import annotations

import logging
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError

from hub import control_loop
from hub.errors import Invalid, Unavailable

log = logging.getLogger("parlatory.tested")


class Turns(Event):
    """Says stop after so many waits, and takes no time."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.left, self.waited = turns, list[float | None]()

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        if len(self.waited) >= self.left:
            self.set()
        return self.is_set()


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the connections were closed."""
    found: list[str] = []
    stand_in = SimpleNamespace(close_all=lambda: found.append("closed"))
    monkeypatch.setattr(control_loop, "connections", stand_in)
    return found


def run(step: Any, stop: Event, **more: Any) -> None:
    control_loop.run(step, stop=stop, every_seconds=7, log=log, failed="tested_failed reason=%s", **more)


@pytest.mark.parametrize("error", [DatabaseError("locked"), OSError("full"), Unavailable("No answer.")])
def test_what_may_pass_is_logged_and_followed_by_the_next_look(
    error: Exception, closed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    steps = iter([error, None, error])

    def step() -> None:
        if found := next(steps):
            raise found

    stop = Turns(3)
    run(step, stop)
    assert stop.waited == [7, 7, 7]
    assert [record.getMessage() for record in caplog.records] == [f"tested_failed reason={error}"] * 2
    assert len(closed) == 3


def test_another_error_ends_it_and_is_not_swallowed(closed: list[str]) -> None:
    def step() -> None:
        raise Invalid("A bug.")

    with pytest.raises(Invalid):
        run(step, Turns(3))
    assert len(closed) == 1
    with pytest.raises(StopIteration):
        run(iter([]).__next__, Turns(3), passing=(Invalid,))


def test_where_more_is_due_the_next_step_does_not_wait(closed: list[str]) -> None:
    steps = iter([True, True, False, 1])
    stop = Turns(2)
    run(lambda: next(steps), stop)
    assert stop.waited == [7, 7]
    assert (next(steps, "none left"), len(closed)) == ("none left", 4)


def test_who_is_told_to_stop_takes_no_step(closed: list[str]) -> None:
    stop = Turns(1)
    stop.set()
    run(lambda: pytest.fail("a step was taken"), stop)
