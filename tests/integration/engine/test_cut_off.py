"""Docker ends between a question and its answer: what it did all the same is found and cleared away."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.engine import homes
from hub.engine.container import session_name
from hub.engine.dock import Docker
from hub.errors import Unavailable, WrongState
from hub.grant import Grant
from tests.engine_room import MIB, Room, new_id

pytest_plugins = ["tests.engine_fixtures"]


@contextmanager
def unanswered(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Do what Docker is asked, and lose its answer."""
    act: Callable[..., Any] = getattr(Docker, name)

    def lost(self: Docker, *arguments: Any) -> None:
        act(self, *arguments)
        raise Unavailable("Docker went away")

    with monkeypatch.context() as patched:
        patched.setattr(Docker, name, lost)
        yield


def nothing_is_left(room: Room, session: str, workspace: str) -> None:
    """Nothing is left of a session after a look."""
    room.engine.sessions.look()
    assert room.engine.docker.find(session_name(room.places, session)) is None
    assert not room.places.session(session).exists()
    assert not homes.point(room.places, workspace).exists()


def the_home_opens_again(room: Room, grant: Grant) -> None:
    """Nothing is left of a session after a look, and the next one has its home."""
    nothing_is_left(room, grant.session, grant.workspace)
    with room.session(workspace=grant.workspace) as again:
        assert room.inside(again, "print('anew')") == "anew"


def test_a_start_whose_answer_was_lost_is_ended_and_holds_no_home(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = room.grant()
    with unanswered(monkeypatch, "run"):
        assert room.post(grant)[0] == 503
    # It runs on, its home mounted where only it sees it: nobody may open that a second time.
    status, said = room.post(room.grant(workspace=grant.workspace))
    assert (status, "in use by another session" in said["error"]) == (409, True)
    the_home_opens_again(room, grant)


def test_an_end_whose_answer_was_lost_lets_go_of_the_home(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room.session() as grant:
        with unanswered(monkeypatch, "remove"):
            assert room.ask("portal", "DELETE", f"/sessions/{grant.session}")[0] == 503
        assert homes.is_mounted(room.places, grant.workspace)
        the_home_opens_again(room, grant)


def test_a_container_that_was_made_and_never_started_is_cleared(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = room.grant()

    def half(self: Docker, body: dict[str, Any], name: str) -> None:
        self._client().create_container_from_config(body, name)
        raise Unavailable("Docker went away")

    with monkeypatch.context() as patched:
        patched.setattr(Docker, "run", half)
        assert room.post(grant)[0] == 503
    nothing_is_left(room, grant.session, grant.workspace)
    seen = room.ask("hub", "GET", f"/sessions/{grant.session}")[1]
    assert seen["reason"].startswith("The session lost a part that it needs and was ended")


def test_one_session_that_cannot_be_ended_keeps_no_other_from_its_end(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room.session() as stuck, room.session() as other:
        for one in (stuck, other):
            room.engine.docker.kill(session_name(room.places, one.session))
        unmount = homes.unmount

        def busy(places: Any, workspace: str) -> None:
            if workspace == stuck.workspace:
                raise Unavailable("it is busy")
            unmount(places, workspace)

        with monkeypatch.context() as patched:
            patched.setattr(homes, "unmount", busy)
            room.engine.sessions.look()
        for one in (stuck, other):
            seen = room.ask("hub", "GET", f"/sessions/{one.session}")[1]
            assert seen["reason"] == "The session's server ended with status 137."
        assert not homes.point(room.places, other.workspace).exists()
        room.engine.sessions.look()
        assert not homes.point(room.places, stuck.workspace).exists()


def test_a_screening_whose_engine_lost_docker_is_ended(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with unanswered(monkeypatch, "run"):
        screening = room.submission("time.sleep(60)")
        assert room.ask("worker", "POST", "/screenings", {"id": screening})[0] == 503
    name = f"{room.places.enclave}-screening-{screening}"
    assert room.engine.docker.find(name) is not None
    room.engine.screenings.look()
    assert room.engine.docker.find(name) is None


def test_a_home_that_something_else_holds_is_not_opened(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "LET_GO_SECONDS", 0.3)
    workspace = new_id()
    target = homes.mount(room.places, workspace, uid=200_042, size_bytes=16 * MIB)
    # Bound elsewhere in a view of its own, as in a container; it says so once it holds it.
    hold = ["sh", "-c", 'mount --bind "$0" /mnt && echo held && exec sleep 60', str(target)]
    holder = subprocess.Popen(["unshare", "--mount", *hold], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        homes.unmount(room.places, workspace)
        with pytest.raises(WrongState, match="still held by something on this machine"):
            homes.mount(room.places, workspace, uid=200_042, size_bytes=32 * MIB)
        assert not target.exists()
    finally:
        holder.kill()
        holder.communicate()
    monkeypatch.undo()
    homes.mount(room.places, workspace, uid=200_042, size_bytes=32 * MIB)
    homes.unmount(room.places, workspace)
