"""Docker's own engine killed and stopped under sessions: they go on or end with their homes whole."""

from __future__ import annotations

import signal

import pytest

from hub.doctor import processes
from hub.engine.sessions import WHILE_AWAY
from tests.chaos import own_docker
from tests.chaos.own_docker import Ward
from tests.engine_room import new_id

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
# Whoever asks about a Docker that hangs is answered long before giving up: portal and gate do after 30 s.
PATIENCE_SECONDS = 30

pytestmark = pytest.mark.timeout(300)


def refuses_to_start(ward: Ward) -> None:
    """A start while Docker is away is refused in a sentence, and leaves nothing."""
    grant = ward.room.grant()
    status, said = ward.room.post(grant, seconds=PATIENCE_SECONDS)
    assert status == 503
    assert said["error"].startswith("Docker's engine does not answer, so this could not be done; try again")
    assert not ward.home(grant.workspace).exists()
    assert not ward.room.places.session(grant.session).exists()


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
            refuses_to_start(ward)
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


def test_a_docker_that_hangs_is_said_keeps_nobody_waiting_and_all_goes_on_after_it() -> None:
    workspace = new_id()
    with own_docker.opened(live_restore=True) as ward:
        session = started(ward, workspace)
        assert processes.docker(ward.room.places).ok
        ward.docker.hang()
        ward.says("docker_away", times=1)
        found = processes.docker(ward.room.places)
        assert (found.ok, "no session starts or ends" in found.detail) == (False, True)
        for _ in range(2):
            refuses_to_start(ward)
            for method, path in (
                ("GET", "/health"),
                ("GET", "/sessions"),
                ("DELETE", f"/sessions/{session}"),
            ):
                status, said = ward.room.ask("portal", method, path, seconds=PATIENCE_SECONDS)
                assert (status, "does not answer" in said["error"]) == (503, True)
        ward.beats(workspace)
        ward.docker.go_on()
        ward.says("docker_back", times=1)
        assert processes.docker(ward.room.places).ok
        assert ward.room.ask("hub", "GET", f"/sessions/{session}")[1]["state"] == "running"
        assert ward.room.ask("portal", "DELETE", f"/sessions/{session}")[0] == 200
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
            refuses_to_start(ward)
            ward.docker.start()
            ward.says("session_ended", times=times)
            seen = ward.room.ask("hub", "GET", f"/sessions/{session}")[1]
            assert (seen["state"], seen["reason"]) == ("exited", WHILE_AWAY)
            assert ward.left() == []
            assert ward.room.ask("hub", "DELETE", f"/sessions/{session}")[0] == 200
        started(ward, workspace)
        assert notes(ward, workspace) == ["started"] * 3
