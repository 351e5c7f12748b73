"""Attacks on the gate: a session server that is the attacker's own, and browsers that should not be there."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from hub.gate import messages, pages
from tests.enclave import until
from tests.gatehouse import ALICE, BASE, BOB, KERNEL, SERVER, SESSION, SESSION_UID, House, lease, opened

HEADER = {"msg_id": "1", "session": "s", "username": "u", "date": "d", "version": "5.3"}
RECORDING = b"RIFF" + b"\x07" * 4_000_000
received: list[str] = []


def frame(kind: str, content: Any, buffers: tuple[bytes, ...] = ()) -> bytes:
    parts = [b"iopub"] + [json.dumps(one).encode() for one in (HEADER | {"msg_type": kind}, {}, {}, content)]
    parts += buffers
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return (
        len(offsets).to_bytes(8, "little")
        + b"".join(n.to_bytes(8, "little") for n in offsets)
        + b"".join(parts)
    )


class Hostile(RequestHandler):
    """Answers everything with what the gate must not let out."""

    SUPPORTED_METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
    status, kind, body = 200, "application/json", b"{}"

    def check_xsrf_cookie(self) -> None:
        """An attacker checks nothing."""

    async def answer(self) -> None:
        """Answer, noting what came in."""
        received.append(json.dumps(dict(self.request.headers.get_all())))
        received.append(self.request.uri or "")
        self.set_status(self.status)
        self.set_header("Content-Type", self.kind)
        self.set_header("Set-Cookie", "stolen=1; Path=/")
        self.add_header("Set-Cookie", "_xsrf=theirs; Path=/")
        self.set_header("Service-Worker-Allowed", "/")
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Location", "http://evil.example/")
        self.set_header("X-Data", "secret-in-a-header")
        self.set_header("Content-Security-Policy", "default-src *")
        self.write(self.body)

    get = put = post = patch = delete = answer


class Endless(RequestHandler):
    """Streams for ever."""

    async def get(self) -> None:
        """Never end."""
        self.set_header("Content-Type", "application/json")
        for _ in range(100_000):
            self.write(b'"' + b"a" * 65536)
            await self.flush()


class Hanging(RequestHandler):
    """Does not answer while anybody waits."""

    async def get(self) -> None:
        """Wait longer than the browsers do."""
        await asyncio.sleep(4)


class Kernel(WebSocketHandler):
    """A kernel that sends what it was told to send."""

    frames: list[str | bytes] = []
    inward: list[bytes] = []

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[0] if subprotocols else None

    async def open(self) -> None:
        for one in self.frames:
            await self.write_message(one, binary=isinstance(one, bytes))

    def on_message(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        self.inward.append(message)


@pytest.fixture
def house() -> Iterator[House]:
    with opened() as made:
        received.clear()
        yield made


def hostile(house: House, *, kind: str = "application/json", body: bytes = b"{}", status: int = 200) -> None:
    handler = type("Now", (Hostile,), {"kind": kind, "body": body, "status": status})
    house.serve_session(Application([(r"/.*", handler)]), max_body_size=64 * 1024 * 1024)


def kernel(house: House, *frames: str | bytes) -> type[Kernel]:
    handler = type("Told", (Kernel,), {"frames": list(frames), "inward": []})
    house.serve_session(Application([(rf"{BASE}/api/kernels/{KERNEL}/channels", handler)]))
    return handler


# Who may come in


def test_nobody_reaches_a_session_without_signing_in(house: House) -> None:
    hostile(house)
    with house.client(None) as browser:
        assert browser.get(f"{BASE}/api/kernels").status_code == 401
        page = browser.get(f"{BASE}/lab")
        assert page.status_code == 302
        assert page.headers["Location"].startswith("/hub/api/oauth2/authorize")
    assert received == []


def test_someone_elses_session_is_refused_in_every_form(house: House) -> None:
    hostile(house)
    with house.client(BOB) as browser:
        for path in ("lab", "api/kernels", "parlatory/status", "static/lab/main.abc123.js", "api/me"):
            answer = browser.get(f"{BASE}/{path}")
            assert answer.status_code == 403, path
            assert "someone else" in answer.text
    assert house.handshake(BOB) == 403
    assert received == []


def test_a_token_without_the_scope_of_the_gate_is_nobody(house: House) -> None:
    with house.client(f"{ALICE}-noscope") as browser:
        assert browser.get(f"{BASE}/api/kernels").status_code == 401


def test_a_forged_cookie_is_nobody(house: House) -> None:
    with house.client(None, Cookie="service-gate=token-" + ALICE) as browser:
        assert browser.get(f"{BASE}/api/kernels").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "portal.localhost:8000", "127.0.0.1:8004", "lab.localhost"])
def test_a_wrong_host_is_refused(house: House, host: str) -> None:
    with house.client(ALICE, Host=host) as browser:
        for path in (
            f"{BASE}/lab",
            f"{BASE}/api/kernels",
            f"{BASE}/api",
            "/services/gate/static/banner.js",
            "/",
        ):
            assert browser.get(path).status_code == 421


def test_another_sites_page_cannot_change_anything(house: House) -> None:
    hostile(house)
    token = house.xsrf(ALICE)
    body = {"type": "file", "format": "text", "content": "x"}
    cases: list[dict[str, str]] = [
        {},
        {"X-XSRFToken": "guess"},
        {"X-XSRFToken": token[::-1], "Origin": f"http://{house.host}"},
        {"X-XSRFToken": token, "Origin": "http://portal.localhost:8000"},
        {"X-XSRFToken": token, "Origin": "null"},
        {"X-XSRFToken": token, "Sec-Fetch-Site": "same-site"},
    ]
    for headers in cases:
        with house.client(ALICE, **headers) as browser:
            assert browser.put(f"{BASE}/api/contents/x", json=body).status_code == 403, headers
    assert received == []
    with house.changing() as browser:
        browser.put(f"{BASE}/api/contents/x", json=body)
    assert received != []


def test_another_sites_page_opens_no_websocket(house: House) -> None:
    kernel(house)
    for origin in ("http://evil.example", "http://portal.localhost:8000", "null"):
        assert house.handshake(Origin=origin) == 403


def test_the_default_protocol_of_kernel_websockets_is_refused(house: House) -> None:
    kernel(house)
    assert house.handshake(protocol="other") == 400


# Paths and methods


@pytest.mark.parametrize(
    "path",
    [
        "files/x.wav",
        "files/%2e%2e/x",
        "nbconvert/html/x.ipynb",
        "view/x.html",
        "api/terminals",
        "api/contents/..%2f..%2fetc/passwd",
        "api/contents/%2e%2e/%2e%2e/files/x",
        "api/contents//x",
        "api/contents/x%5c..",
        "lab/../files/x",
        "%66iles/x",
        "api%2fterminals",
        "api/kernels/x/channels",
        "proxy/8888/",
        "static/../files/x",
        "static/lab/../../files/x",
        "static/lab/%2e%2e/%2e%2e/x.js",
        "lab/api/themes/%2e%2e/static/main.abc123.js",
        "lab/extensions/..%2f..%2fetc/passwd",
    ],
)
def test_a_path_that_is_not_allowed_never_reaches_the_session(house: House, path: str) -> None:
    hostile(house)
    headers = f"Host: {house.host}\r\nCookie: {house.cookie(ALICE)}\r\nConnection: close\r\n\r\n"
    raw = f"GET {BASE}/{path} HTTP/1.1\r\n{headers}"
    with socket.create_connection(("127.0.0.1", house.port), timeout=10) as connection:
        connection.sendall(raw.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] in (b"400", b"404"), answer[:200]
    assert received == []


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_never_reach_the_session(house: House, method: str) -> None:
    hostile(house)
    with house.changing() as browser:
        assert browser.request(method, f"{BASE}/api/contents/x").status_code in (404, 405)
    assert received == []


def test_base64_contents_are_refused_both_ways(house: House) -> None:
    recording = {"name": "x.wav", "path": "x.wav", "type": "file", "format": "base64", "content": "AAAA"}
    hostile(house, body=json.dumps(recording).encode())
    with house.changing() as browser:
        asked = browser.get(f"{BASE}/api/contents/x.wav", params={"content": 1, "format": "base64"})
        assert asked.status_code == 415
        assert received == []
        answered = browser.get(f"{BASE}/api/contents/x.wav", params={"content": 1})
        assert answered.status_code == 415 and "AAAA" not in answered.text
        count = len(received)
        assert browser.put(f"{BASE}/api/contents/x.wav", json=recording).status_code == 415
        assert len(received) == count


# A session server that was replaced


def test_a_replaced_server_cannot_serve_a_byte_of_labs_own_files(house: House) -> None:
    hostile(house, kind="text/javascript", body=RECORDING * 5)
    with house.client() as browser:
        script = browser.get(f"{BASE}/static/lab/main.abc123.js")
        assert script.text == "console.log('lab')"
        assert browser.get(f"{BASE}/static/lab/main.js").status_code == 404
        page = browser.get(f"{BASE}/lab")
        assert page.status_code == 200 and "jupyter-config-data" in page.text
    assert received == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<script>alert(1)</script>"),
        ("application/json", b"<script>alert(1)</script>"),
        ("application/octet-stream", RECORDING),
        ("application/json", RECORDING),
        ("application/json", b'{"a":"' + b"x" * 20_000_000 + b'"}'),
        ("text/javascript", b"{}"),
    ],
)
def test_an_answer_that_is_not_bearable_json_stays_in(house: House, kind: str, body: bytes) -> None:
    hostile(house, kind=kind, body=body)
    with house.client() as browser:
        for path in ("api/kernels", "api/contents/x", "lab/api/settings/x"):
            answer = browser.get(f"{BASE}/{path}")
            assert answer.status_code in (415, 502), path
            assert len(answer.content) < 1000 and "alert" not in answer.text


def test_no_header_of_a_session_comes_out_and_no_secret_goes_in(house: House) -> None:
    hostile(house, body=b"[]")
    extra = {"Authorization": "token secret", "X-Forwarded-For": "1.2.3.4", "Referer": "http://lab/x"}
    with house.client(ALICE, **extra) as browser:
        answer = browser.get(f"{BASE}/api/kernels")
    assert answer.status_code == 200
    names = {name.lower() for name in answer.headers}
    assert not names & {
        "set-cookie",
        "service-worker-allowed",
        "access-control-allow-origin",
        "location",
        "x-data",
    }
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    inward = json.loads(received[0])
    assert inward["Cookie"] == "_xsrf=gate"
    assert not {"Authorization", "X-Forwarded-For", "Referer", "Origin"} & set(inward)
    assert "service-gate" not in received[0] and ALICE not in received[0]


@pytest.mark.parametrize("status", [301, 302, 307, 500, 599])
def test_a_redirect_or_a_fault_of_the_session_is_only_a_sentence(house: House, status: int) -> None:
    hostile(house, status=status, body=b'{"message": "x"}')
    with house.client() as browser:
        answer = browser.get(f"{BASE}/api/kernels")
    assert answer.status_code == 502
    assert "Location" not in answer.headers


def test_an_endless_answer_is_cut_off_at_its_limit(house: House) -> None:
    house.serve_session(Application([(r"/.*", Endless)]))
    started = time.monotonic()
    with house.client() as browser:
        answer = browser.get(f"{BASE}/api/kernels")
    assert answer.status_code == 502
    assert time.monotonic() - started < 10


def test_a_hanging_session_does_not_hold_up_another(house: House) -> None:
    house.serve_session(Application([(r"/.*", Hanging)]))
    other = "01jsession0000000000000001"
    house.portal.leases[other] = lease(session=other, person=BOB)
    house.tick()
    hostile_app = Application([(r"/.*", type("Now", (Hostile,), {"body": b"[]"}))])
    house.serve_session(hostile_app, session=other)

    def hang() -> None:
        with house.client() as browser, pytest.raises(httpx.ReadTimeout):
            browser.get(f"{BASE}/api/kernels", timeout=2)

    threads = [threading.Thread(target=hang) for _ in range(20)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    with house.client(BOB) as browser:
        started = time.monotonic()
        assert browser.get(f"/user/{BOB}/{SERVER}/api/kernels").status_code == 200
        assert time.monotonic() - started < 1
    for thread in threads:
        thread.join(10)
    time.sleep(3)


# The socket's name


def listening(path: Path, owner: int) -> socket.socket:
    """Listen as docker.sock or another session would."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    server.settimeout(0.5)
    os.chown(path, owner, -1)
    return server


def never_reached(server: socket.socket) -> bool:
    try:
        server.accept()
    except TimeoutError:
        return True
    finally:
        server.close()
    return False


def test_a_symlink_to_another_socket_is_not_followed(house: House, tmp_path: Path) -> None:
    target = listening(tmp_path / "docker.sock", SESSION_UID)
    (house.folder() / "jupyter.sock").symlink_to(tmp_path / "docker.sock")
    with house.client() as browser:
        assert browser.get(f"{BASE}/api/kernels").status_code == 502
    browser = house.websocket()
    assert house.next(browser) is None
    assert never_reached(target)


def test_a_socket_of_another_owner_is_not_used(house: House) -> None:
    target = listening(house.folder() / "jupyter.sock", 0)
    with house.client() as browser:
        assert browser.get(f"{BASE}/api/kernels").status_code == 502
    assert never_reached(target)


def test_a_socket_folder_of_root_is_not_used(house: House) -> None:
    target = listening(house.folder() / "jupyter.sock", 0)
    os.chown(house.folder(), 0, -1)
    os.chown(house.sessions / SESSION / "in", 0, -1)
    with house.client() as browser:
        assert browser.get(f"{BASE}/api/kernels").status_code == 502
    assert never_reached(target)


def test_a_fifo_or_a_file_in_the_sockets_place_holds_nobody_up(house: House) -> None:
    path = house.folder() / "jupyter.sock"
    for make in (os.mkfifo, lambda where: Path(where).write_text("x")):
        make(path)
        os.chown(path, SESSION_UID, -1)
        with house.client() as browser:
            assert browser.get(f"{BASE}/api/kernels", timeout=5).status_code == 502
        path.unlink()


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
    kernel(house, frame("stream", {"name": "stdout", "text": "x" * 100_000_000}))
    browser = house.websocket()
    assert house.next(browser) is None
    assert house.leases.find(ALICE, SERVER) is not None
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
    got = []
    while (message := house.next(browser)) is not None:
        got.append(message)
    outputs = [one for one in got if b"gate-" not in one]  # type: ignore[operator] # frames are bytes
    assert sum(map(len, outputs)) <= budget
    assert sum(map(len, outputs)) > budget - 4000
    assert b"one day allows" in got[-1]  # type: ignore[operator] # frames are bytes
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


# Leases


def test_a_revoked_session_loses_its_websocket_and_its_pages(house: House) -> None:
    kernel(house, frame("status", {"execution_state": "idle"}))
    browser = house.websocket()
    assert house.next(browser) is not None
    house.portal.leases[SESSION] = lease(live=False, reason="The approval was revoked.")
    house.tick()
    assert house.next(browser, 2) is None
    with house.client(ALICE, Accept="text/html") as client:
        answer = client.get(f"{BASE}/lab")
        assert answer.status_code == 403
        assert "The approval was revoked." in answer.text and "http://portal.localhost:1/" in answer.text
        assert client.get(f"{BASE}/api/kernels").status_code == 403


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
