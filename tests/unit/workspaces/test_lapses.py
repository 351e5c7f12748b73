"""Lapses: a lease that stands still ends its session, and no clock that somebody sets does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from hub import control_loop
from hub.ledger.clock import ClockSetBack
from hub.ledger.models import Entry
from hub.workspaces import lapses
from hub.workspaces.lapses import LAPSED_SECONDS, Watch
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


class Clock:
    """Goes where the test sends it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def running(policies: Policies, remote: RemoteStandIn) -> Session:
    return portal.sound_session()


def renewed(session: Session, at: datetime) -> None:
    Session.objects.filter(pk=session.pk).update(lease_renewed_at=at)


def state(session: Session) -> str:
    return Session.objects.get(pk=session.pk).state


def test_a_lease_that_nobody_renews_ends_its_session_and_the_ledger_says_why(
    running: Session, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    clock = Clock()
    watch = Watch(clock)
    watch.look()
    clock.now += LAPSED_SECONDS - 1
    assert (watch.look(), state(running)) == (0, SessionState.RUNNING)
    clock.now += 1
    with django_capture_on_commit_callbacks(execute=True):
        assert watch.look() == 1
    assert state(running) == SessionState.ENDED
    assert remote.calls == [("remove", running.id), ("stop", "vowels")]
    entry = Entry.objects.get(kind="session_ended")
    assert (entry.by, entry.facts["reason"]) == ("enclave", lapses.REASON)


def test_a_lease_that_is_renewed_now_and_then_lapses_never(running: Session) -> None:
    clock = Clock()
    watch = Watch(clock)
    for minute in range(30):
        renewed(running, datetime.now(UTC) + timedelta(minutes=minute))
        watch.look()
        clock.now += LAPSED_SECONDS - 1
    assert state(running) == SessionState.RUNNING


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_is_set_ends_nobody(running: Session, days: int) -> None:
    renewed(running, datetime.now(UTC) + timedelta(days=days))
    clock = Clock()
    watch = Watch(clock)
    watch.look()
    clock.now += 60
    assert (watch.look(), state(running)) == (0, SessionState.RUNNING)


def test_a_start_that_hangs_with_nobody_to_renew_it_has_failed(
    running: Session, django_capture_on_commit_callbacks: Any
) -> None:
    Session.objects.filter(pk=running.pk).update(state=SessionState.STARTING.value)
    clock = Clock()
    watch = Watch(clock)
    watch.look()
    clock.now += LAPSED_SECONDS
    with django_capture_on_commit_callbacks(execute=True):
        watch.look()
    assert state(running) == SessionState.FAILED


def test_what_an_end_left_is_cleared_though_nobody_renews(
    running: Session, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=5)
    Session.objects.filter(pk=running.pk).update(state=SessionState.ENDED.value, ended_at=ago)
    with django_capture_on_commit_callbacks(execute=True):
        lapses.clear_left(datetime.now(UTC))
    assert Session.objects.get(pk=running.pk).cleared_at is not None


def test_a_clock_that_was_set_back_ends_no_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Event()
    looks: list[int] = []

    def look(_watch: Watch) -> int:
        looks.append(len(looks))
        if len(looks) == 2:
            stop.set()
        raise ClockSetBack("the clock was set back")

    monkeypatch.setattr(Watch, "look", look)
    monkeypatch.setattr(lapses, "POLL_SECONDS", 0)
    # The test's own connection stays.
    monkeypatch.setattr(control_loop, "connections", SimpleNamespace(close_all=lambda: None))
    lapses.run(stop)
    assert looks == [0, 1]
