"""A clock set back decides nothing, one set forward ends what ends; entries stay in order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from hub.errors import Unavailable
from hub.ledger import __main__ as command
from hub.ledger import clock, entries
from hub.ledger.clock import TOLERANCE, ClockSetBack
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.people.models import Role
from hub.workspaces import leases, sessions
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def write(by: str = "somebody") -> Entry:
    with transaction.atomic():
        return entries.append(Kind.VIEWED, by=by, subject="something", facts={})


@pytest.mark.parametrize("back", [timedelta(0), timedelta(seconds=1), TOLERANCE - timedelta(seconds=1)])
def test_a_small_step_back_leaves_entries_in_order_of_time(back: timedelta) -> None:
    with time_machine.travel(NOW, tick=False):
        first = write()
    with time_machine.travel(NOW - back, tick=False):
        second, third = write(), write()
    assert first.at < second.at < third.at
    assert all(entries.is_faithful(one) for one in (first, second, third))


@pytest.mark.parametrize("back", [TOLERANCE + timedelta(seconds=1), timedelta(days=400)])
def test_a_clock_set_back_writes_nothing_and_says_so(back: timedelta) -> None:
    with time_machine.travel(NOW, tick=False):
        write()
    with time_machine.travel(NOW - back, tick=False), pytest.raises(ClockSetBack, match="clock was set back"):
        write()
    assert Entry.objects.count() == 1


def test_with_a_clock_set_back_nobody_is_asked_and_nobody_comes_in(policies: Policies) -> None:
    who = portal.person("rosa")
    with time_machine.travel(NOW, tick=True):
        write()
    browser = Client(raise_request_exception=False, headers={"host": "portal.localhost"})
    browser.force_login(who)
    with time_machine.travel(NOW - timedelta(hours=1), tick=True):
        answer = browser.get("/")
    assert (answer.status_code, b"clock was set back" in answer.content) == (503, True)
    assert policies.asked == []


@pytest.fixture
def running(policies: Policies, remote: RemoteStandIn) -> Session:
    return portal.sound_session()


def test_a_session_that_is_over_gets_no_lease_because_the_clock_was_set_back(running: Session) -> None:
    write()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=2), tick=True), pytest.raises(Unavailable):
        leases.renew(reports={}, at=leases.now())
    assert Session.objects.get().lease_renewed_at is None


def test_a_clock_set_forward_ends_a_session_at_its_time_and_no_other_way(
    running: Session, django_capture_on_commit_callbacks: Any
) -> None:
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(days=2), tick=True),
        django_capture_on_commit_callbacks(execute=True),
    ):
        leases.renew(reports={}, at=leases.now())
    found = Session.objects.get()
    assert (found.state, "time limit" in found.end_reason) == (SessionState.ENDED, True)


def test_once_the_clock_is_right_again_all_goes_on(policies: Policies, remote: RemoteStandIn) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    portal.approval(project, portal.version(), signed_by=who)
    write()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=1), tick=True), pytest.raises(ClockSetBack):
        sessions.start_in(by=who, project=project)
    assert sessions.start_in(by=who, project=project).state == SessionState.REQUESTED


def test_an_operator_accepts_a_clock_that_was_wrong_before_and_the_ledger_keeps_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with time_machine.travel(NOW + timedelta(days=365), tick=False):
        write()
    with time_machine.travel(NOW, tick=True):
        assert command.clock(accept=False) == 1
        assert "clock was set back" in capsys.readouterr().out
        assert command.clock(accept=True) == 0
        assert write().kind == "viewed"
        clock.require()
    assert [one.kind for one in Entry.objects.order_by("index")] == ["viewed", "clock_accepted", "viewed"]
