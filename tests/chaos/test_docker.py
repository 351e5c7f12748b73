"""Docker's own engine killed and stopped under sessions: they go on or end with their homes whole."""

from __future__ import annotations

import signal

import pytest

from hub.engine.sessions import WHILE_AWAY
from tests.chaos import own_docker
from tests.chaos.own_docker import Ward
from tests.engine_room import new_id

SIGNALS = (signal.SIGKILL, signal.SIGTERM)

pytestmark = pytest.mark.timeout(300)


def started(ward: Ward, workspace: str) -> str:
    """Start a session and return its id once it lives."""
    grant = ward.room.grant(workspace=workspace)
    status, said = ward.room.post(grant)
    assert status == 201, (said, ward.docker.log())
    ward.beats(workspace)
    return grant.session


def notes(ward: Ward, workspace: str) -> list[str]:
    """Return what the sessions of a workspace remembered in their home."""
    return (ward.home(workspace) / "notes").read_text().splitlines()


def test_sessions_go_on_without_docker_and_are_found_again() -> None:
    workspace = new_id()
    with own_docker.opened(live_restore=True) as ward:
        session = started(ward, workspace)
        for times, number in enumerate(SIGNALS, 1):
            ward.docker.end(number)
            ward.says("docker_away", times=times)
            ward.refuses_to_start()
            assert ward.room.ask("hub", "GET", f"/sessions/{session}")[0] == 503
            ward.beats(workspace)
            ward.docker.start()
            ward.says("docker_back", times=times)
            assert ward.room.ask("hub", "GET", f"/sessions/{session}")[1]["state"] == "running"
            ward.beats(workspace)
        assert ward.room.ask("hub", "DELETE", f"/sessions/{session}")[0] == 200
        assert ward.left() == []
        again = started(ward, workspace)
        assert notes(ward, workspace) == ["started", "started"]
        assert ward.room.ask("hub", "DELETE", f"/sessions/{again}")[0] == 200


def test_an_engine_that_starts_while_docker_is_away_waits_and_then_takes_over() -> None:
    workspace = new_id()
    with own_docker.opened(live_restore=True) as ward:
        session = started(ward, workspace)
        ward.docker.end(signal.SIGKILL)
        ward.kill_engine()
        ward.start_engine()
        ward.says("not_ready", times=2)
        ward.docker.start()
        ward.says("engine_ready", times=2)
        assert ward.said("session_adopted") == [{"session": session}]
        ward.beats(workspace)
        assert ward.room.ask("hub", "DELETE", f"/sessions/{session}")[0] == 200


def test_sessions_that_end_with_docker_say_why_and_leave_their_home_whole() -> None:
    workspace = new_id()
    with own_docker.opened(live_restore=False) as ward:
        for times, number in enumerate(SIGNALS, 1):
            session = started(ward, workspace)
            assert notes(ward, workspace) == ["started"] * times
            ward.docker.end(number)
            ward.says("docker_away", times=times)
            ward.refuses_to_start()
            ward.docker.start()
            ward.says("session_ended", times=times)
            seen = ward.room.ask("hub", "GET", f"/sessions/{session}")[1]
            assert (seen["state"], seen["reason"]) == ("exited", WHILE_AWAY)
            assert ward.left() == []
            assert ward.room.ask("hub", "DELETE", f"/sessions/{session}")[0] == 200
        started(ward, workspace)
        assert notes(ward, workspace) == ["started"] * 3
