"""Attacks on the gate from browsers that should not be there, by paths and methods that are not allowed."""

from __future__ import annotations

import io
import json
import logging
import socket

import pytest

from hub import trace
from tests.gatehouse import ALICE, BASE, BOB, House
from tests.hostile import OTHER_METHODS, hostile, house, kernel, received

__all__ = ["house"]


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
    body = {"type": "file", "format": "text", "content": "x"}
    hostile(house, body=json.dumps({**body, "name": "x", "path": "x"}).encode())
    token = house.xsrf(ALICE)
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
        assert browser.put(f"{BASE}/api/contents/x", json=body).status_code == 200
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
    assert received == [], "it reached the session"
    assert answer.split()[1] in (b"400", b"404"), answer[:200]


@pytest.mark.parametrize("method", OTHER_METHODS)
def test_other_methods_never_reach_the_session(house: House, method: str) -> None:
    hostile(house)
    with house.changing() as browser:
        status = browser.request(method, f"{BASE}/api/contents/x").status_code
    assert received == [], "it reached the session"
    assert status in (404, 405)


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


def test_a_malformed_cookie_is_not_written_into_the_log(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    said = io.StringIO()
    noted = logging.StreamHandler(said)
    trace.configure()
    logging.getLogger().addHandler(noted)
    try:
        secret = house.cookie(ALICE)
        raw = f"GET {BASE}/lab HTTP/1.1\r\nHost: {house.host}\r\nCookie: {secret}\x01\r\n\r\n"
        with socket.create_connection(("127.0.0.1", house.port), timeout=10) as connection:
            connection.sendall(raw.encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    finally:
        logging.getLogger().removeHandler(noted)
    assert answer.split()[1] == b"400"
    assert secret not in said.getvalue() and secret not in capsys.readouterr().err
