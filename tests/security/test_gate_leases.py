"""Attacks on the gate by sessions that have ended, and while the portal is silent."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.gate import pages
from tests.enclave import until
from tests.gatehouse import ALICE, BASE, BOB, SERVER, SESSION, House, lease
from tests.hostile import frame, hostile, house, kernel

__all__ = ["house"]


# Leases


def test_a_revoked_session_loses_its_websocket_and_its_pages(house: House) -> None:
    kernel(house, frame("status", {"execution_state": "idle"}))
    browser = house.websocket()
    assert house.next(browser) is not None
    house.portal.leases[SESSION] = lease(live=False, reason="The approval was revoked.")
    house.tick()
    assert house.ended(browser, 2)
    with house.client(ALICE, Accept="text/html") as client:
        answer = client.get(f"{BASE}/lab")
        assert answer.status_code == 403
        assert "The approval was revoked." in answer.text and "http://portal.localhost:1/" in answer.text
        assert client.get(f"{BASE}/api/kernels").status_code == 403


def test_a_revocation_cuts_the_websocket_within_five_seconds(house: House) -> None:
    kernel(house, frame("status", {"execution_state": "idle"}))
    renewing = asyncio.run_coroutine_threadsafe(house.leases.run(), house.loop)
    try:
        browser = house.websocket()
        assert house.next(browser) is not None
        time.sleep(0.5)
        house.portal.leases[SESSION] = lease(live=False, reason="The approval was revoked.")
        assert house.ended(browser, 5), "the websocket is still open"
    finally:
        renewing.cancel()


def test_a_silent_portal_freezes_traffic_until_it_answers(house: House) -> None:
    told = kernel(house, frame("status", {"execution_state": "idle"}))
    browser = house.websocket()
    assert house.next(browser) is not None
    house.portal.silent = True
    house.clock.ahead = 6
    house.tick()

    async def say() -> None:
        await browser.write_message(
            frame("execute_request", {"code": "1"}).replace(b"iopub", b"shell"), binary=True
        )
        await asyncio.sleep(0.3)

    house.run(say())
    assert told.inward == []
    with house.client() as client:
        assert client.get(f"{BASE}/api/kernels").status_code == 503
    house.portal.silent = False
    house.tick()
    time.sleep(0.3)
    assert len(told.inward) == 1
    house.close(browser)


def test_the_probe_says_ready_only_when_the_session_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PROBE_HELD_SECONDS", 0.3)
    with house.client(None, Host=f"127.0.0.1:{house.port}") as hub:
        assert hub.get(f"{BASE}/api").status_code == 503
        assert hub.get(f"/user/{BOB}/{SERVER}/api").status_code == 503
        hostile(house)
        answer = hub.get(f"{BASE}/api")
        assert (answer.status_code, answer.json()) == (200, {"version": "1"})
        assert hub.get(f"{BASE}/lab").status_code == 421


def test_the_probe_is_held_until_the_session_answers(house: House) -> None:
    with (
        house.client(None, Host=f"127.0.0.1:{house.port}") as hub,
        house.client(None, Host=f"127.0.0.1:{house.port}") as another,
        ThreadPoolExecutor(1) as pool,
    ):
        held = pool.submit(hub.get, f"{BASE}/api")
        until(lambda: house.place().probed, seconds=5, what="a held question")
        # One question is held; whoever else asks meanwhile, however often, is answered at once.
        assert another.get(f"{BASE}/api").status_code == 503
        assert not held.done()
        hostile(house)
        assert held.result(15).status_code == 200


def test_a_held_probe_ends_with_its_session(house: House) -> None:
    with house.client(None, Host=f"127.0.0.1:{house.port}") as hub, ThreadPoolExecutor(1) as pool:
        held = pool.submit(hub.get, f"{BASE}/api")
        until(lambda: house.place().probed, seconds=5, what="a held question")
        house.portal.leases[SESSION] = lease(live=False, reason="It was revoked.")
        house.tick()
        assert held.result(3).status_code == 503


LONG = "Version 1.1 of “Telephone prompts” is not approved today for this project and its purpose; " * 2


def test_the_strip_hears_in_full_why_the_session_ended_and_nothing_before(house: House) -> None:
    strip = house.websocket("parlatory/ending")
    house.portal.leases[SESSION] = lease(live=False, reason=LONG.strip())
    house.tick()
    assert house.next(strip, 2) == LONG.strip()
    assert house.next(strip, 2) is None


def test_nobody_else_hears_how_a_session_ends(house: House) -> None:
    assert house.handshake(BOB, path="parlatory/ending") == 403
    for origin in ("http://evil.example", "http://portal.localhost:8000", "null"):
        assert house.handshake(path="parlatory/ending", Origin=origin) == 403
