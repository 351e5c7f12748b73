"""Attacks on the gate by a kernel: types that are not shown, buffers, floods, more than the day's bytes."""

from __future__ import annotations

import asyncio
import base64
import io
import json

from PIL import Image

from hub.gate import messages
from tests.enclave import until
from tests.gatehouse import ALICE, BASE, SERVER, SESSION, House, lease
from tests.hostile import frame, hostile, house, kernel

__all__ = ["house"]


# Kernel messages


def test_comms_buffers_and_foreign_types_do_not_come_out(house: House) -> None:
    secret = b"speech" * 1000
    kernel(
        house,
        frame("comm_open", {"comm_id": "1", "target_name": "x", "data": {"d": "speech"}}, (secret,)),
        frame("comm_msg", {"comm_id": "1", "data": {}}, (secret,)),
        frame("custom", {"text": "speech"}),
        "speech as text",
        b"speech as bytes",
        frame(
            "display_data", {"data": {"audio/wav": "speech", "application/javascript": "speech"}}, (secret,)
        ),
        frame("display_data", {"data": {"text/html": "<script>speech</script><b>end</b>"}}),
    )
    browser = house.websocket()
    first, second = house.next(browser), house.next(browser)
    house.close(browser)
    assert isinstance(first, bytes) and isinstance(second, bytes)
    assert b"speech" not in first and b"not shown by the enclave" in first
    assert messages.parse(second).content["data"] == {"text/html": "<b>end</b>"}


def test_a_picture_comes_out_without_the_archive_behind_it(house: House) -> None:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    loaded = base64.b64encode(out.getvalue() + b"PK\x03\x04speech").decode()
    kernel(house, frame("display_data", {"data": {"image/png": loaded}}))
    browser = house.websocket()
    shown = house.next(browser)
    house.close(browser)
    assert isinstance(shown, bytes)
    assert b"speech" not in base64.b64decode(messages.parse(shown).content["data"]["image/png"])


def test_a_message_of_100_mb_stays_in(house: House) -> None:
    # The budget of the day is not what holds it back.
    house.portal.leases[SESSION] = lease(budget_bytes=1_000_000_000)
    house.tick()
    kernel(house, frame("stream", {"name": "stdout", "text": "x" * 100_000_000}))
    browser = house.websocket()
    came = house.next(browser)
    assert came is None, f"{len(came)} bytes came out"
    place = house.leases.find(ALICE, SERVER)
    assert place is not None and place.meter.unreported == 0


def test_comms_and_debugging_do_not_go_in(house: House) -> None:
    told = kernel(house, frame("status", {"execution_state": "idle"}))
    browser = house.websocket()
    assert house.next(browser) is not None

    async def say() -> None:
        for kind in ("comm_open", "comm_msg", "debug_request", "execute_request"):
            raw = frame(kind, {"code": "1+1"}).replace(b"iopub", b"shell")
            await browser.write_message(raw, binary=True)
        await asyncio.sleep(0.3)

    house.run(say())
    house.close(browser)
    assert [messages.parse(one).kind for one in told.inward] == ["execute_request"]
    house.tick()
    told = ("refused", SESSION, {"what": "message comm_open"})
    until(lambda: told in house.portal.events, seconds=10, what="the portal was told")


# The byte budget


def test_the_budget_cuts_a_websocket_off_at_the_byte(house: House) -> None:
    budget = 100_000
    house.portal.leases[SESSION] = lease(budget_bytes=budget)
    house.tick()
    kernel(house, *[frame("stream", {"name": "stdout", "text": "x" * 3000})] * 200)
    browser = house.websocket()
    got: list[bytes] = []
    while len(b"".join(got)) < 3 * budget and (message := house.next(browser)) is not None:
        assert isinstance(message, bytes)
        got.append(message)
    outputs = [one for one in got if b"gate-" not in one]
    assert sum(map(len, outputs)) <= budget
    assert sum(map(len, outputs)) > budget - 4000
    assert b"one day allows" in got[-1]
    house.tick()
    assert house.portal.sent[SESSION] == sum(map(len, outputs))
    told = ("budget_spent", SESSION, {"budget_bytes": budget})
    until(lambda: told in house.portal.events, seconds=10, what="the portal was told")


def test_a_spent_budget_refuses_reading_and_still_saves(house: House) -> None:
    text = {
        "name": "x",
        "path": "x",
        "type": "file",
        "format": "text",
        "content": "speech" * 1000,
        "writable": True,
    }
    hostile(house, body=json.dumps(text).encode())
    house.portal.leases[SESSION] = lease(budget_bytes=1000)
    house.tick()
    with house.changing() as browser:
        assert browser.get(f"{BASE}/api/contents/x").status_code == 403
        house.portal.leases[SESSION] = lease(budget_bytes=0)
        house.tick()
        assert browser.get(f"{BASE}/api/kernels").status_code == 403
        assert house.handshake() == 403
        saved = browser.put(
            f"{BASE}/api/contents/x", json={"type": "file", "format": "text", "content": "mine"}
        )
    assert saved.status_code == 200 and "speech" not in saved.text
    house.tick()
    until(
        lambda: any(kind == "saved" and facts["path"] == "x" for kind, _, facts in house.portal.events),
        seconds=10,
        what="the portal was told of the save",
    )


def test_every_forwarded_byte_is_counted(house: House) -> None:
    hostile(house, body=json.dumps({"a": "x" * 5000}).encode())
    with house.client() as browser:
        total = sum(len(browser.get(f"{BASE}/lab/api/settings/x").content) for _ in range(5))
    house.tick()
    assert house.portal.sent[SESSION] == total
