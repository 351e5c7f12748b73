"""The spawner starts what is granted, and everything else is a no."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from hub.jupyter import doors
from hub.jupyter.doors import Denied, Ended, EngineDoor, Granted
from hub.jupyter.spawner import GrantSpawner, StartRefused

SESSION = "01jsession0000000000000000"
EXITED = {"state": "exited"}


class Portal:
    """A portal that answers as told."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.asked: list[tuple[str, str]] = []
        self.told: list[tuple[str, str]] = []

    async def grant(self, *, person: str, server: str) -> Granted:
        self.asked.append((person, server))
        if self.reason:
            raise Denied(self.reason)
        return Granted(SESSION, "signed")

    async def ended(self, *, session: str, reason: str) -> bool:
        self.told.append((session, reason))
        return True


class Engine:
    """An engine that answers as told."""

    def __init__(self, reason: str = "", code: int | None = None) -> None:
        self.reason, self.code = reason, code
        self.started: list[Granted] = []
        self.stopped: list[str] = []

    async def start(self, granted: Granted) -> None:
        if self.reason:
            raise Denied(self.reason)
        self.started.append(granted)

    async def ended(self, session: str) -> Ended | None:
        return None if self.code is None else Ended(self.code, "Docker's engine was away.")

    async def stop(self, session: str) -> None:
        self.stopped.append(session)


class User:
    """Who the server is for."""

    name = "01jalice000000000000000000"


def spawner(name: str, portal: Portal, engine: Engine) -> GrantSpawner:
    doors = {"portal": property(lambda _: portal), "engine": property(lambda _: engine)}
    made = type("Told", (GrantSpawner,), {**doors, "name": name, "user": User()})()
    made.gate_url = "http://127.0.0.1:8004"
    return made


def test_a_server_without_a_name_is_refused_before_anybody_is_asked() -> None:
    portal = Portal()
    with pytest.raises(StartRefused, match="start it from the portal"):
        asyncio.run(spawner("", portal, Engine()).start())
    assert portal.asked == []


def test_a_denial_is_a_403_with_the_portals_reason() -> None:
    engine = Engine()
    with pytest.raises(StartRefused) as refused:
        asyncio.run(spawner("voices", Portal("Your training has lapsed."), engine).start())
    assert refused.value.status_code == 403
    assert refused.value.message == "Your training has lapsed."
    assert engine.started == []


def test_a_failed_start_is_told_to_the_portal_and_forgotten() -> None:
    portal = Portal()
    made = spawner("voices", portal, Engine("The grant has expired."))
    with pytest.raises(StartRefused, match="expired"):
        asyncio.run(made.start())
    assert portal.told == [(SESSION, "The grant has expired.")]
    assert made.session == ""


def test_options_of_the_request_are_dropped() -> None:
    made = spawner("voices", Portal(), Engine())
    made.user_options = {"image": "evil"}
    assert asyncio.run(made.start()) == "http://127.0.0.1:8004"
    assert made.user_options == {}
    assert made.get_env() == {}


def test_a_session_is_found_again_after_a_restart_and_never_reused_for_a_new_start() -> None:
    made = spawner("voices", Portal(), Engine())
    asyncio.run(made.start())
    state = made.get_state()
    again = spawner("voices", Portal(), Engine())
    again.load_state(state)
    assert asyncio.run(again.poll()) is None
    again.clear_state()
    assert asyncio.run(again.poll()) == 0


def test_a_session_that_ended_by_itself_is_told_once() -> None:
    portal = Portal()
    made = spawner("voices", portal, Engine(code=137))
    made.session = SESSION
    assert asyncio.run(made.poll()) == 137
    assert asyncio.run(made.poll()) == 0
    assert portal.told == [(SESSION, "Docker's engine was away.")]


def test_stopping_stops_the_container_and_a_rename_is_refused() -> None:
    engine = Engine()
    made = spawner("voices", Portal(), engine)
    made.session = SESSION
    asyncio.run(made.stop())
    assert engine.stopped == [SESSION]
    with pytest.raises(StartRefused, match="renamed"):
        asyncio.run(made.rename("voices", "other"))


@pytest.mark.parametrize(
    ("status", "said", "ended"),
    [
        (503, {"error": "Docker's engine does not answer."}, None),
        (200, {"state": "running", "exit_code": None}, None),
        (200, {"state": "created", "exit_code": None}, None),
        # While Docker removes it the engine does not say why yet.
        (200, {"state": "removing", "exit_code": 143}, None),
        (200, {"state": "paused", "exit_code": 0}, None),
        (200, {}, None),
        (404, {}, Ended(0, "The session's server ended by itself (exit code 0).")),
        (200, EXITED | {"exit_code": 137, "reason": "It took too much."}, Ended(137, "It took too much.")),
        (200, EXITED | {"exit_code": None, "reason": "Its time is over."}, Ended(0, "Its time is over.")),
        (200, EXITED | {"exit_code": 3}, Ended(3, "The session's server ended by itself (exit code 3).")),
    ],
)
def test_the_engine_is_believed_about_an_end_and_its_silence_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, status: int, said: dict[str, object], ended: Ended | None
) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=said))
    client = httpx.AsyncClient(transport=transport, base_url="http://engine")
    monkeypatch.setattr(doors, "_client", lambda socket, seconds: client)
    assert asyncio.run(EngineDoor(socket="").ended(SESSION)) == ended
