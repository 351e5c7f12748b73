"""Leases: what ends a session within one renewal, and how its bytes are counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub import policy
from hub.errors import Unavailable
from hub.ledger.models import Decision, Entry
from hub.people.models import Person
from hub.policy.questions import Question
from hub.projects.models import Project
from hub.provisioning import foresight
from hub.workspaces import leases
from hub.workspaces.leases import Report
from hub.workspaces.models import ByteUse, Session, SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(policies: Policies, remote: RemoteStandIn) -> Session:
    return portal.sound_session()


def renew(sent: dict[str, int] | None = None, *, later: timedelta = timedelta()) -> leases.Lease:
    reports = {session: Report(sent_bytes=count, active_at=None) for session, count in (sent or {}).items()}
    return leases.renew(reports=reports, at=datetime.now(UTC) + later)[0]


def test_a_denied_lease_ends_the_session_with_its_reason_on_the_ledger(
    running: Session, policies: Policies, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    policies.deny("continue", "The approval of “Prompts” was revoked.")
    with django_capture_on_commit_callbacks(execute=True):
        lease = renew()
    assert (lease.live, lease.reason) == (False, "The approval of “Prompts” was revoked.")
    running.refresh_from_db()
    assert running.state == SessionState.ENDED
    assert running.cleared_at is not None
    assert remote.calls == [("remove", running.id), ("stop", "vowels")]
    assert not Decision.objects.get().allow
    assert list(Entry.objects.values_list("kind", flat=True)) == ["decision_denied", "session_ended"]


def test_each_renewal_asks_with_what_is_mounted_even_when_it_is_no_longer_approved(
    running: Session, policies: Policies
) -> None:
    running.workspace.project.approvals.update(revoked_at=datetime.now(UTC))
    renew()
    # Later ones are about the day to come.
    question = policies.asked[0]
    uses: Any = question.to_input()["datasets"]
    assert [use["version"]["id"] for use in uses] == running.versions
    assert uses[0]["approvals"][0]["revoked"] is True


def test_all_sessions_are_asked_about_in_as_few_looks_as_may_be(
    running: Session, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ruth", "ravi"):
        portal.session(running.workspace.project, portal.person(name))
    looks: list[int] = []
    monkeypatch.setattr(policy, "AT_ONCE", 2)

    def ask_at_once(asked: Sequence[Question]) -> tuple[policy.Decision, ...]:
        looks.append(len(asked))
        return policies.ask_at_once(asked)

    monkeypatch.setattr(policy, "ask_at_once", ask_at_once)
    Session.objects.update(expires_at=datetime.now(UTC))
    leases._ask_all()
    assert looks == [2, 1]
    policies.deny("continue")
    assert len(foresight.ending(foresight.person_stopped)) == 3
    assert looks == [2, 1] * 2


def test_policies_that_do_not_answer_give_no_lease_and_end_nothing(
    running: Session, policies: Policies
) -> None:
    policies.broken = True
    with pytest.raises(Unavailable):
        renew({running.id: 500})
    running.refresh_from_db()
    assert running.state == SessionState.RUNNING
    # The gate reports these bytes again, so they must not be counted twice.
    assert not ByteUse.objects.exists()


@pytest.mark.parametrize(
    ("later", "live", "word"),
    [
        (timedelta(minutes=59), True, ""),
        (timedelta(minutes=61), False, "60 minutes"),
        (timedelta(hours=8, minutes=1), False, "time limit"),
    ],
)
def test_idle_and_absolute_time_end_a_session(
    running: Session, later: timedelta, live: bool, word: str
) -> None:
    lease = renew(later=later)
    assert lease.live is live
    assert word in lease.reason


def test_activity_keeps_a_session_but_a_clock_ahead_does_not(running: Session) -> None:
    at = datetime.now(UTC) + timedelta(minutes=50)
    leases.renew(reports={running.id: Report(0, at + timedelta(days=1))}, at=at)
    running.refresh_from_db()
    assert running.active_at == at
    assert renew(later=timedelta(minutes=100)).live


def test_a_start_that_hangs_is_not_live_for_ever(running: Session) -> None:
    Session.objects.filter(pk=running.pk).update(state=SessionState.STARTING.value, started_at=None)
    assert renew(later=timedelta(minutes=2)).live
    lease = renew(later=timedelta(minutes=4))
    assert not lease.live and "did not start" in lease.reason


def test_bytes_add_up_over_a_day_and_the_rest_is_told(running: Session) -> None:
    budget = running.workspace.project.budget_bytes_per_day
    assert renew({running.id: 1000}).budget_left_bytes == budget - 1000
    assert renew({running.id: 234}).budget_left_bytes == budget - 1234
    assert renew({running.id: 2 * budget}).budget_left_bytes == 0
    assert ByteUse.objects.get().sent_bytes == 2 * budget + 1234


def test_the_budget_belongs_to_the_workspace_and_not_to_one_session(running: Session) -> None:
    renew({running.id: 1000})
    Session.objects.filter(pk=running.pk).update(state=SessionState.ENDED.value, ended_at=datetime.now(UTC))
    portal.session(running.workspace.project, running.workspace.person)
    budget = running.workspace.project.budget_bytes_per_day
    left = {lease.budget_left_bytes for lease in leases.renew(reports={}, at=datetime.now(UTC))}
    assert left == {budget - 1000}


def test_the_budget_begins_again_with_the_day(running: Session) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    ByteUse.objects.create(workspace=running.workspace, day=yesterday, sent_bytes=7_000_000)
    assert renew().budget_left_bytes == running.workspace.project.budget_bytes_per_day


def test_last_bytes_of_an_ended_session_are_counted(running: Session) -> None:
    Session.objects.filter(pk=running.pk).update(state=SessionState.ENDED.value, ended_at=datetime.now(UTC))
    renew({running.id: 77})
    assert ByteUse.objects.get().sent_bytes == 77


def test_what_was_not_cleared_is_cleared_again(
    running: Session, policies: Policies, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    remote.down = {"remove", "stop"}
    policies.deny("continue")
    with django_capture_on_commit_callbacks(execute=True):
        renew()
    remote.down = set()
    with django_capture_on_commit_callbacks(execute=True):
        renew(later=timedelta(seconds=30))
    running.refresh_from_db()
    assert running.cleared_at is not None


def test_clearing_an_old_session_does_not_stop_the_next_one(
    running: Session, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    old = datetime.now(UTC) - timedelta(minutes=1)
    Session.objects.filter(pk=running.pk).update(state=SessionState.ENDED.value, ended_at=old)
    portal.session(running.workspace.project, running.workspace.person)
    with django_capture_on_commit_callbacks(execute=True):
        renew()
    assert remote.calls == [("remove", running.id)]


def test_people_and_projects_are_the_sessions_own(running: Session) -> None:
    lease = renew()
    assert (lease.person, lease.server) == (Person.objects.get(email__startswith="rosa").id, "vowels")
    assert Project.objects.get().slug == lease.server
