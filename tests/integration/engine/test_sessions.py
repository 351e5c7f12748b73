"""Sessions on the real engine: started by a grant, kept in their home, watched, ended and found again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.engine_room import MIB, Room, new_id

pytest_plugins = ["tests.engine_fixtures"]


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_granted_session_starts_and_is_seen(room: Room) -> None:
    with room.session() as grant:
        status, seen = room.ask("hub", "GET", f"/sessions/{grant.session}")
        assert (status, seen["state"], seen["exit_code"]) == (200, "running", None)
        assert datetime.fromisoformat(seen["started_at"]) <= datetime.now(UTC)
        assert grant.session in [one["session"] for one in room.ask("gate", "GET", "/sessions")[1]]


def test_data_is_there_to_read(room: Room) -> None:
    with room.session() as grant:
        assert room.inside(grant, "print(open('/data/talk/1/manifest.jsonl').read())") == '{"id": "one"}'


def test_the_gate_and_the_door_find_their_folders(room: Room) -> None:
    with room.session() as grant:
        folder = room.places.session(grant.session)
        assert (folder / "in").stat().st_uid == grant.uid
        assert (folder / "in").stat().st_mode & 0o7777 == 0o2770
        assert (folder / "out").stat().st_mode & 0o7777 == 0o755
        (folder / "out" / "note").write_text("from outside")
        assert room.inside(grant, "print(open('/run/parlatory-out/note').read())") == "from outside"


def test_a_home_survives_its_session_and_grows(room: Room) -> None:
    workspace = new_id()
    with room.session(workspace=workspace) as grant:
        room.inside(grant, "open('/home/researcher/notes', 'w').write('kept')")
        small = room.ask("portal", "GET", f"/sessions/{grant.session}/usage")[1]["home_bytes"]
    with room.session(workspace=workspace, home_bytes=48 * MIB) as grant:
        assert room.inside(grant, "print(open('/home/researcher/notes').read())") == "kept"
        large = room.ask("portal", "GET", f"/sessions/{grant.session}/usage")[1]["home_bytes"]
    assert large > 2 * small
    with room.session(workspace=workspace) as grant:
        assert room.ask("portal", "GET", f"/sessions/{grant.session}/usage")[1]["home_bytes"] == large


def test_a_new_home_is_empty_and_its_owners(room: Room) -> None:
    with room.session() as grant:
        code = "import os; s = os.stat('.'); print(os.getcwd(), os.listdir('.'), s.st_uid)"
        assert room.inside(grant, code) == f"/home/researcher [] {grant.uid}"


def test_a_home_is_used_by_one_session_at_a_time(room: Room) -> None:
    with room.session() as grant:
        status, said = room.post(room.grant(workspace=grant.workspace))
        assert status == 409
        assert "in use by another session" in said["error"]
        assert room.inside(grant, "print(1)") == "1"


def test_usage_tells_memory_processor_and_home(room: Room) -> None:
    with room.session() as grant:
        room.ask("portal", "GET", f"/sessions/{grant.session}/usage")
        room.inside(grant, "open('/home/researcher/x', 'wb').write(b'x' * 3_000_000)")
        status, used = room.ask("portal", "GET", f"/sessions/{grant.session}/usage")
        assert status == 200
        assert 1 * MIB < used["memory_bytes"] < 128 * MIB
        assert used["cpu_percent"] >= 0
        assert 3_000_000 <= used["home_used_bytes"] < used["home_bytes"] <= 16 * MIB


def test_stopping_takes_less_than_five_seconds_and_leaves_the_log_alone(room: Room) -> None:
    with room.session() as grant:
        room.inside(grant, "print('something a kernel said')")
        began = time.monotonic()
        assert room.ask("portal", "DELETE", f"/sessions/{grant.session}")[0] == 200
        assert time.monotonic() - began < 5
    assert not room.places.session(grant.session).exists()
    assert not (room.places.run / "homes" / grant.workspace).exists()
    assert room.ask("hub", "GET", f"/sessions/{grant.session}")[0] == 404
    status, text = room.ask("worker", "GET", f"/sessions/{grant.session}/log")
    assert (status, "something a kernel said" in text) == (200, True)
    kept = room.places.state / "sessions" / f"{grant.session}.log"
    assert kept.stat().st_mode & 0o7777 == 0o640


def test_stopping_twice_is_fine(room: Room) -> None:
    with room.session() as grant:
        pass
    assert room.ask("gate", "DELETE", f"/sessions/{grant.session}")[0] == 200
    assert room.ask("gate", "DELETE", f"/sessions/{new_id()}")[0] == 200


def test_a_session_past_its_end_is_stopped_though_nobody_asks(room: Room) -> None:
    # Long enough to start in time on a busy machine, then waited for.
    ends_at = datetime.now(UTC) + timedelta(seconds=5)
    with room.session(ends_at=ends_at) as grant:
        time.sleep(max(0.0, (ends_at - datetime.now(UTC)).total_seconds()))
        room.engine.sessions.look()
        seen = room.ask("hub", "GET", f"/sessions/{grant.session}")[1]
        assert (seen["state"], seen.get("reason")) == ("exited", "The session reached its time limit.")
        assert not room.places.session(grant.session).exists()
        again, said = room.post(room.grant(session=grant.session))
        assert (again, "started before" in said["error"]) == (409, True)


def test_a_dead_session_is_cleared_and_told_of(room: Room) -> None:
    with room.session() as grant:
        room.engine.docker.kill(f"{room.places.enclave}-session-{grant.session}")
        room.engine.sessions.look()
        seen = room.ask("hub", "GET", f"/sessions/{grant.session}")[1]
        assert (seen["state"], seen["exit_code"]) == ("exited", 137)
        assert grant.session in [one["session"] for one in room.ask("hub", "GET", "/sessions")[1]]
        assert not (room.places.run / "homes" / grant.workspace).exists()
    assert room.ask("hub", "GET", f"/sessions/{grant.session}")[0] == 404


def test_a_restarted_engine_adopts_what_runs_and_clears_what_is_left(room: Room) -> None:
    leftover = room.places.run / "sessions" / new_id()
    leftover.mkdir()
    with room.session() as grant:
        room.engine.sessions.adopt()
        assert room.inside(grant, "print('still here')") == "still here"
        assert room.ask("hub", "GET", f"/sessions/{grant.session}")[1]["state"] == "running"
    assert not leftover.exists()


def test_an_unknown_session_has_no_log_and_no_usage(room: Room) -> None:
    for part in ("log", "usage"):
        assert room.ask("portal", "GET", f"/sessions/{new_id()}/{part}")[0] == 404


def test_a_start_that_fails_leaves_nothing_mounted(room: Room) -> None:
    # Docker itself refuses: the name is taken by something that is no session.
    grant = room.grant()
    container_name = f"{room.places.enclave}-session-{grant.session}"
    room.engine.docker.run({"Image": room.image, "Labels": {}}, container_name)
    try:
        assert room.post(grant)[0] == 409
    finally:
        room.engine.docker.remove(container_name)
    assert not room.places.session(grant.session).exists()
    assert not os.path.ismount(room.places.run / "homes" / grant.workspace)


def test_health_names_the_docker_behind(room: Room) -> None:
    status, said = room.ask("root", "GET", "/health")
    assert (status, said["healthy"]) == (200, True)
    assert said["docker"][0].isdigit()


def test_an_image_that_is_not_here_is_named(room: Room) -> None:
    status, said = room.post(room.grant(image="parlatory/workspace:nothere"))
    assert (status, "There is no image parlatory/workspace:nothere here" in said["error"]) == (403, True)


def test_two_grants_of_one_session_make_one_container(room: Room) -> None:
    with room.session() as grant:
        status, said = room.post(replace(grant, id=new_id(), workspace=new_id()))
        assert (room.places.session(grant.session) / "in" / "jupyter.sock").exists(), "it harmed the first"
        assert (status, "started before" in said["error"]) == (409, True)
