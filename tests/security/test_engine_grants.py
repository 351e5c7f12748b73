"""Attacks on the engine's socket: callers that may not, and grants the portal never gave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.grant import sign
from tests.engine_room import MIB, STRANGER, Broken, Room, new_id

pytest_plugins = ["tests.engine_fixtures"]

NOBODY_MAY = [
    (STRANGER, "GET", "/health"),
    (STRANGER, "GET", "/sessions"),
    (STRANGER, "POST", "/sessions"),
    (STRANGER, "GET", "/anything"),
    ("portal", "POST", "/sessions"),
    ("worker", "POST", "/sessions"),
    ("gate", "POST", "/sessions"),
    ("door", "POST", "/sessions"),
    ("root", "POST", "/sessions"),
    ("hub", "POST", "/screenings"),
    ("portal", "POST", "/screenings"),
    ("gate", "POST", "/screenings"),
    ("gate", "GET", f"/sessions/{'a' * 26}/log"),
    ("hub", "GET", f"/sessions/{'a' * 26}/log"),
    ("hub", "GET", f"/sessions/{'a' * 26}/usage"),
    ("hub", "DELETE", f"/screenings/{'a' * 26}"),
]


@pytest.mark.parametrize(("caller", "method", "path"), NOBODY_MAY)
def test_a_caller_whose_work_it_is_not_gets_403(
    room: Room, caller: str | int, method: str, path: str
) -> None:
    grant = room.grant()
    status, said = room.ask(caller, method, path, {"grant": sign(grant, room.key), "id": new_id()})
    assert status == 403
    assert said["error"]
    assert not room.places.session(grant.session).exists()


def refused(room: Room, text: object) -> str:
    """Ask as the hub, which may ask, and return why it is refused."""
    before = room.ask("hub", "GET", "/sessions")[1]
    status, said = room.ask("hub", "POST", "/sessions", {"grant": text})
    assert status == 403, said
    assert room.ask("hub", "GET", "/sessions")[1] == before
    return str(said["error"])


def test_a_grant_of_ones_own_making_is_refused(room: Room) -> None:
    assert "not signed" in refused(room, sign(room.grant(), Ed25519PrivateKey.generate()))


def test_an_altered_grant_is_refused(room: Room) -> None:
    honest = sign(room.grant(), room.key)
    richer = sign(room.grant(memory_bytes=512 * MIB), Ed25519PrivateKey.generate())
    assert "not signed" in refused(room, f"{richer.split('.')[0]}.{honest.split('.')[1]}")


def test_an_expired_grant_is_refused(room: Room) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert "had to be used before" in refused(room, sign(room.grant(start_before=past), room.key))
    assert "had to end" in refused(room, sign(room.grant(ends_at=past), room.key))


def test_a_grant_is_not_used_twice_while_its_session_runs(room: Room) -> None:
    with room.session() as grant:
        assert "used before" in refused(room, sign(grant, room.key))


def test_a_grant_is_not_used_twice_not_even_after_its_session(room: Room) -> None:
    with room.session() as grant:
        pass
    assert "used before" in refused(room, sign(grant, room.key))
    room.engine.sessions.adopt()
    assert "used before" in refused(room, sign(grant, room.key))


@pytest.mark.parametrize("source", ["/", "/etc", "/var/lib/docker", "{state}", "{state}/datasets"])
def test_a_signed_bind_of_the_host_is_still_refused(room: Room, source: str) -> None:
    mount = room.mount(source=source.format(state=room.places.state))
    assert "is not where talk 1 lies" in refused(room, sign(room.grant(mounts=(mount,)), room.key))


def test_a_dataset_that_is_a_link_is_refused(room: Room) -> None:
    link = room.places.state / "datasets" / "talk" / "2"
    if not link.is_symlink():
        link.symlink_to("/etc")
    mount = room.mount(version="2", source=str(link), target="/data/talk/2")
    assert "a link" in refused(room, sign(room.grant(mounts=(mount,)), room.key))


@pytest.mark.parametrize(
    "change",
    [
        {"uid": 0},
        {"uid": 1000},
        {"image": "parlatory/base:latest"},
        {"image": "parlatory/screener:enginetest"},
        {"memory_bytes": 0},
        {"pids": -1},
        {"person": "../../../x"},
        {"workspace": "../" * 8 + "aa"},
        {"session": "/etc"},
        {"server": "a\nPATH=/x"},
    ],
)
def test_a_signed_grant_that_lifts_a_limit_is_refused(room: Room, change: dict[str, object]) -> None:
    assert "does not fit" in refused(room, sign(replace(room.grant(), **change), room.key))


@pytest.mark.parametrize("text", ["", "x", None, 5, {"Image": "x", "HostConfig": {"Binds": ["/:/host"]}}])
def test_what_is_no_grant_starts_nothing(room: Room, text: object) -> None:
    assert refused(room, text)


def test_a_container_body_is_not_taken_in_place_of_a_grant(room: Room) -> None:
    body = {"Image": room.image, "HostConfig": {"Binds": ["/:/host"], "Privileged": True}}
    assert room.ask("hub", "POST", "/sessions", body)[0] == 400
    assert room.ask("hub", "POST", "/containers/create", body)[0] == 404


def test_a_huge_request_is_not_read(room: Room) -> None:
    def answered(letters: int) -> int:
        try:
            return room.ask("hub", "POST", "/sessions", {"grant": "x" * letters})[0]
        except Broken:
            # Cut off while it was still being sent.
            return 0

    # What is read is judged as a grant, and refused with 403.
    assert answered(1 << 17) == 403
    assert answered(1 << 19) != 403


@pytest.mark.parametrize(
    "path", ["/sessions/../x", "/sessions/%2e%2e", "/sessions/" + "A" * 26, "/sessions/a"]
)
def test_only_ids_name_sessions(room: Room, path: str) -> None:
    assert room.ask("hub", "DELETE", path)[0] == 404


def test_the_vault_cannot_lend_the_screener_a_folder_of_the_hosts(room: Room) -> None:
    screening = new_id()
    folder = room.places.state / "vault" / "screening" / screening
    folder.mkdir(parents=True)
    (folder / "in").symlink_to("/etc")
    status, said = room.ask("worker", "POST", "/screenings", {"id": screening})
    assert (status, "cannot be mounted" in str(said)) == (403, True)
    assert not (room.places.run / "screenings" / screening).exists()


def test_another_enclaves_containers_are_not_in_reach(room: Room) -> None:
    session = new_id()
    body = {"Image": room.image, "Labels": {"parlatory.enclave": "another", "parlatory.session": session}}
    name = f"{room.places.enclave}-session-{session}"
    room.engine.docker.run(body, name)
    try:
        status = room.ask("hub", "DELETE", f"/sessions/{session}")[0]
        assert room.engine.docker.find(name) is not None, "it was removed"
        assert status == 409
        assert session not in str(room.ask("hub", "GET", "/sessions")[1])
    finally:
        room.engine.docker.remove(name)
