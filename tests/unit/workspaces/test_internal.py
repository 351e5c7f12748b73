"""The internal endpoints: each caller's own token, from inside only."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from hub.ledger.models import Entry
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db

HUB, GATE = settings.PARLATORY_HUB_PORTAL_TOKEN, settings.PARLATORY_GATE_PORTAL_TOKEN
PATHS = ["/internal/grants", "/internal/leases", "/internal/events", "/internal/sessions/{session}/ended"]


@pytest.fixture
def session(policies: Policies, remote: RemoteStandIn) -> Session:
    return portal.sound_session(state=SessionState.REQUESTED)


def post(path: str, body: Any, token: str | None, host: str = "127.0.0.1") -> Any:
    headers = {"host": host} | ({"authorization": token} if token is not None else {})
    return Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "bearer {hub}",
        "Basic {hub}",
        "Bearer {hub}x",
        "Bearer é",
    ],
)
def test_without_the_right_token_nothing_is_answered(path: str, token: str | None, session: Session) -> None:
    shown = token and token.format(hub=HUB)
    assert post(path.format(session=session.id), {}, shown).status_code == 401


@pytest.mark.parametrize(
    ("path", "token"),
    [("/internal/grants", GATE), ("/internal/leases", HUB), ("/internal/events", HUB)],
    ids=["gate asks for a grant", "hub renews", "hub tells events"],
)
def test_a_token_opens_its_own_endpoints_only(path: str, token: str, session: Session) -> None:
    assert post(path, {}, f"Bearer {token}").status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_browsers_host_does_not_reach_the_inside(path: str, session: Session) -> None:
    answer = post(path.format(session=session.id), {}, f"Bearer {HUB}", host="portal.localhost")
    assert answer.status_code == 421


@pytest.mark.parametrize("path", PATHS)
def test_the_inside_answers_posts_only(path: str, session: Session) -> None:
    headers = {"host": "127.0.0.1", "authorization": f"Bearer {HUB}"}
    assert Client().get(path.format(session=session.id), headers=headers).status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        {"person": "x"},
        {"person": "x", "server": "y", "image": "z"},
        {"person": 1, "server": 2},
    ],
)
def test_an_unreadable_question_is_refused_with_a_sentence(body: Any, session: Session) -> None:
    answer = post("/internal/grants", body, f"Bearer {HUB}")
    assert answer.status_code == 400
    assert "can’t be read" in answer.json()["error"]


def test_the_hub_gets_a_grant_for_a_requested_session_and_a_reason_afterwards(session: Session) -> None:
    body = {"person": session.workspace.person_id, "server": session.workspace.slug}
    first = post("/internal/grants", body, f"Bearer {HUB}")
    assert (first.status_code, first.json()["session"]) == (200, session.id)
    again = post("/internal/grants", body, f"Bearer {HUB}")
    assert again.status_code == 403
    assert "started from the portal" in again.json()["reason"]


def test_hub_and_gate_may_say_that_a_session_ended(session: Session) -> None:
    path = f"/internal/sessions/{session.id}/ended"
    assert post(path, {"reason": "exit 137"}, f"Bearer {GATE}").json()["changed"] is True
    assert post(path, {"reason": "again"}, f"Bearer {HUB}").json()["changed"] is False
    session.refresh_from_db()
    assert (session.state, session.end_reason) == (SessionState.ENDED, "exit 137")


def test_leases_are_told_in_json(session: Session) -> None:
    report = {"sessions": {session.id: {"sent_bytes": 10, "active_at": None}}}
    (lease,) = post("/internal/leases", report, f"Bearer {GATE}").json()["sessions"]
    assert lease["session"] == session.id and lease["live"] is True
    assert lease["budget_left_bytes"] == lease["budget_bytes"] - 10


@pytest.mark.parametrize(
    "bad", [{"sent_bytes": -1}, {"sent_bytes": 1, "active_at": "2026-01-01T00:00:00"}, {}]
)
def test_a_report_that_takes_bytes_back_or_has_no_zone_is_refused(
    bad: dict[str, Any], session: Session
) -> None:
    assert post("/internal/leases", {"sessions": {session.id: bad}}, f"Bearer {GATE}").status_code == 400


def test_events_of_known_kinds_go_on_the_ledger_and_long_facts_do_not(session: Session) -> None:
    said = {"kind": "refused", "session": session.id, "facts": {"path": "/api/terminals"}}
    assert post("/internal/events", said, f"Bearer {GATE}").status_code == 200
    assert post("/internal/events", {**said, "kind": "released"}, f"Bearer {GATE}").status_code == 400
    assert post("/internal/events", {**said, "facts": {"x": "y" * 5000}}, f"Bearer {GATE}").status_code == 200
    first, second = Entry.objects.order_by("index")
    assert (first.kind, first.facts) == ("gate_refused", {"path": "/api/terminals"})
    assert "longer" in second.facts.get("left_out", "")
