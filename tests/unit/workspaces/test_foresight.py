"""What a day's end will take away is said while the session runs, in the words of the policies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from hub import policy
from hub.policy.questions import Question
from hub.workspaces import foresight, leases
from hub.workspaces.models import Session
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 6, 1, 22, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 2, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    foresight.forget()
    with time_machine.travel(EVENING, tick=False) as moved:
        yield moved
    foresight.forget()


@pytest.fixture
def running(clock: Any, policies: Policies, remote: RemoteStandIn) -> Session:
    """A session that may last until six in the morning."""
    return portal.sound_session()


def deny_from(moment: datetime, policies: Policies, monkeypatch: pytest.MonkeyPatch) -> None:
    real = policies.ask

    def ask(question: Question) -> policy.Decision:
        policies.denials = {"continue": "The approval ends."} if question.at >= moment else {}
        return real(question)

    monkeypatch.setattr(policies, "ask", ask)


def renewed() -> leases.Lease:
    return leases.renew(reports={}, at=datetime.now(UTC))[0]


def test_an_approval_that_ends_at_midnight_is_said_in_the_lease(
    running: Session, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny_from(MIDNIGHT, policies, monkeypatch)
    lease = renewed()
    assert lease.live and (lease.access_ends_at, lease.access_ends_why) == (MIDNIGHT, "The approval ends.")
    assert lease.plain()["access_ends_at"] == "2026-06-02T00:00:00+00:00"


def test_nothing_is_said_when_nothing_ends(running: Session) -> None:
    assert renewed().access_ends_at is None


def test_a_session_that_ends_before_midnight_asks_nothing(running: Session, policies: Policies) -> None:
    Session.objects.update(expires_at=EVENING + timedelta(hours=1))
    renewed()
    assert len(policies.asked) == 1


def test_it_is_not_asked_at_every_renewal_but_again_soon(
    running: Session, policies: Policies, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        renewed()
    assert len(policies.asked) == 4
    monkeypatch.setattr(foresight, "ASKED_AGAIN_SECONDS", 0.0)
    deny_from(MIDNIGHT, policies, monkeypatch)
    assert renewed().access_ends_at == MIDNIGHT


def test_a_longer_session_looks_at_every_midnight(
    running: Session, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    Session.objects.update(expires_at=EVENING + timedelta(days=3))
    deny_from(MIDNIGHT + timedelta(days=2), policies, monkeypatch)
    assert renewed().access_ends_at == MIDNIGHT + timedelta(days=2)


def test_policies_that_do_not_answer_foresee_nothing(
    running: Session, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.broken = True
    assert foresight.access_end(running, EVENING) is None
