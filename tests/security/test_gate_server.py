"""Attacks on the gate by a session server that is the attacker's own, and by the name of its socket."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from tornado.web import Application

from tests.gatehouse import ALICE, BASE, BOB, SERVER, SESSION, SESSION_UID, House, lease
from tests.hostile import RECORDING, Endless, Hanging, Hostile, hostile, house, received

__all__ = ["house"]


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
    ids=["page", "page-as-json", "recording", "recording-as-json", "huge", "script"],
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


def test_a_session_answers_so_many_requests_at_once_and_no_more(house: House) -> None:
    hostile(house, body=b"[]")
    place = house.leases.find(ALICE, SERVER)
    assert place is not None
    with house.client() as browser:
        # A request that is answered is counted down a moment after its answer: it comes last.
        for busy, status in ((24, 429), (23, 200)):
            place.busy = busy
            assert browser.get(f"{BASE}/api/kernels").status_code == status


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
        server.accept()[0].close()
    except TimeoutError:
        return True
    finally:
        server.close()
    return False


def in_time(browser: httpx.Client, path: str) -> int | None:
    """Return the status of an answer, or None when there is none within five seconds."""
    try:
        return browser.get(path, timeout=5).status_code
    except httpx.ReadTimeout:
        return None


def test_a_symlink_to_another_socket_is_not_followed(house: House, tmp_path: Path) -> None:
    target = listening(tmp_path / "docker.sock", SESSION_UID)
    (house.folder() / "jupyter.sock").symlink_to(tmp_path / "docker.sock")
    with house.client() as browser:
        status = in_time(browser, f"{BASE}/api/kernels")
    ended = house.ended(house.websocket(), 5)
    assert never_reached(target), "the gate followed the link"
    assert status == 502 and ended


def test_a_socket_of_another_owner_is_not_used(house: House) -> None:
    target = listening(house.folder() / "jupyter.sock", 0)
    with house.client() as browser:
        status = in_time(browser, f"{BASE}/api/kernels")
    assert never_reached(target), "the gate used it"
    assert status == 502


def test_a_socket_folder_of_root_is_not_used(house: House) -> None:
    target = listening(house.folder() / "jupyter.sock", 0)
    os.chown(house.folder(), 0, -1)
    os.chown(house.sessions / SESSION / "in", 0, -1)
    with house.client() as browser:
        status = in_time(browser, f"{BASE}/api/kernels")
    assert never_reached(target), "the gate used it"
    assert status == 502


def test_a_fifo_or_a_file_in_the_sockets_place_holds_nobody_up(house: House) -> None:
    path = house.folder() / "jupyter.sock"
    for make in (os.mkfifo, lambda where: Path(where).write_text("x")):
        make(path)
        os.chown(path, SESSION_UID, -1)
        with house.client() as browser:
            assert in_time(browser, f"{BASE}/api/kernels") == 502
        # Whoever waits for this pipe's other end waits no more.
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        path.unlink()
