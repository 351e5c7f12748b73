"""Malformed requests and frames of browsers, malformed answers and frames of a session."""

from __future__ import annotations

import base64
import io
import json
import random
from dataclasses import dataclass
from typing import Any

from PIL import Image

from hub.gate.messages import PROTOCOL
from tests.fuzz import noise
from tests.fuzz.gate_judgement import MAY_ASK, MAY_SAY
from tests.fuzz.gate_sessions import BOBS_BASE, CAROL, CAROLS_BASE, Stage
from tests.fuzz.noise import MARK
from tests.gatehouse import ALICE, BASE, KERNEL, House
from tests.hostile import HEADER

SAVED = json.dumps({"type": "file", "format": "text", "content": "x"}).encode()
TARGETS = (
    (b"GET", "/api/contents/x?content=1&type=file&format=text"),
    (b"GET", "/api/kernels"),
    (b"GET", f"/api/kernels/{KERNEL}"),
    (b"GET", "/api/sessions"),
    (b"GET", "/lab/api/settings/x"),
    (b"GET", "/lab"),
    (b"GET", "/static/lab/main.abc123.js"),
    (b"GET", "/parlatory/status"),
    (b"GET", "/api/events/subscribe"),
    (b"PUT", "/api/contents/x"),
    (b"POST", "/api/sessions"),
    (b"PATCH", "/api/contents/x"),
    (b"DELETE", "/api/contents/x"),
    (b"PUT", "/lab/api/workspaces/x"),
)


@dataclass(frozen=True)
class Browser:
    """Whose browser it pretends to be, and whether its page proves its origin."""

    person: str | None
    proves: bool = False

    def headers(self, house: House, proof: str) -> list[bytes]:
        """Return its header lines."""
        lines = [f"Host: {house.host}\r\n".encode(), b"X-Mark: " + MARK + b"\r\n"]
        if self.person:
            lines.append(
                f"Cookie: {house.cookie(self.person)}; _xsrf=mine; other={MARK.decode()}\r\n".encode()
            )
        if self.proves:
            lines += [f"X-XSRFToken: {proof}\r\n".encode(), f"Origin: http://{house.host}\r\n".encode()]
        return lines


def asking(made: Stage, browser: Browser, proof: str, pick: random.Random) -> bytes:
    """Return a malformed request of a browser's."""
    method, path = pick.choice(TARGETS)
    base = BOBS_BASE if browser.person and pick.random() < 0.15 else BASE
    lines = browser.headers(made.house, proof)
    if pick.random() < 0.7:
        lines.append(b"Connection: close\r\n")
    body = SAVED if method in (b"PUT", b"POST", b"PATCH") else b""
    return noise.malformed(method, (base + path).encode(), lines, body, pick)


def talking(made: Stage, pick: random.Random) -> bytes:
    """Return a sound handshake and frames behind it that are not."""
    lines = [*Browser(ALICE).headers(made.house, ""), f"Origin: http://{made.house.host}\r\n".encode()]
    lines += [b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n", b"Sec-WebSocket-Version: 13\r\n"]
    lines += [b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"]
    lines += [b"Sec-WebSocket-Protocol: " + PROTOCOL.encode() + b"\r\n"]
    target = f"{BASE}/api/kernels/{KERNEL}/channels?session_id=abc".encode()
    if pick.random() < 0.1:
        return noise.malformed(b"GET", target, lines, b"", pick) + _frames(pick, masked=True)
    return noise.request(b"GET", target, lines) + _frames(pick, masked=True)


def _frames(pick: random.Random, *, masked: bool) -> bytes:
    return b"".join(
        noise.frame(_message(pick), pick, masked=masked, opcode=2 if pick.random() < 0.9 else 1)
        for _ in range(pick.randint(1, 4))
    )


def _message(pick: random.Random) -> bytes:
    """Return a kernel message of any kind, whose metadata, buffers and unlisted keys carry the mark."""
    kind = pick.choice([*sorted(MAY_ASK | MAY_SAY), "comm_open", "comm_msg", "debug_request", "made_up"])
    picture = {"image/png": base64.b64encode(noise.garbled(PICTURE, pick)).decode()}
    content: dict[str, Any] = {
        "code": "1", "user_expressions": {"a": "1"}, "name": "stdout", "text": "t", "status": "ok",
        "data": {"text/plain": "t", "text/html": "<b>t</b>", "application/json": {"a": [1]}, **picture},
        "metadata": {"image/png": {"width": 3}}, "transient": {"display_id": "d"}, "execution_count": 1,
        "traceback": ["t"], "history": [[1, 2, "h"]],
        "payload": [{"source": "page", "data": {"text/plain": "p"}}],
        "language_info": {"name": "python", "codemirror_mode": {"name": "p"}}, "unlisted": MARK.decode(),
    }  # fmt: skip
    parts = [HEADER | {"msg_type": kind, "unlisted": MARK.decode()}, {"unlisted": MARK.decode()}]
    channel = pick.choice((b"shell", b"control", b"stdin", b"iopub", b"", MARK, b"\xff"))
    parts += [{"mark": MARK.decode()}, content]
    return noise.message(channel, parts, [MARK * pick.randint(0, 3)], pick)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (6, 5), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


PICTURE = _picture()
DOCUMENTS: dict[str, Any] = {
    "api/contents/n-{}": {
        "name": "x.ipynb", "path": "x.ipynb", "type": "notebook", "format": "json", "writable": True,
        "content": {
            "nbformat": 4, "nbformat_minor": 5, "metadata": {},
            "cells": [
                {"cell_type": "code", "source": "1", "metadata": {}, "execution_count": 1, "outputs": [
                    {"output_type": "display_data", "data": {"text/plain": "t"}, "metadata": {}},
                    {"output_type": "stream", "name": "stdout", "text": ["a"]},
                    {"output_type": "error", "ename": "e", "evalue": "v", "traceback": ["t"]},
                ]},
                {"cell_type": "markdown", "source": "m", "attachments": {"a": {"image/png": "x"}}},
            ],
        },
    },
    "api/kernels/00000000-0000-0000-0000-{:012d}": {"id": KERNEL, "name": "k", "connections": 1},
    "api/sessions/00000000-0000-0000-0000-{:012d}": {"id": KERNEL, "path": "p", "kernel": {"id": KERNEL}},
    "lab/api/settings/n-{}": {"id": "x", "schema": {}, "settings": {}, "raw": "{}"},
    "lab/api/workspaces/n-{}": {"data": {}, "metadata": {"id": "x"}},
    "api/contents/n-{}/checkpoints": [{"id": "c", "last_modified": "t"}],
}  # fmt: skip


def answering(made: Stage, number: int, pick: random.Random) -> bytes:
    """Have Carol's server answer malformed; return her browser's sound request."""
    path = pick.choice(sorted(DOCUMENTS))
    body = noise.encoded(noise.document(DOCUMENTS[path], pick), pick)
    lines = [b"Content-Type: application/json\r\n", b"X-Mark: " + MARK + b"\r\n"]
    lines += [b"Set-Cookie: a=" + MARK + b"\r\n", b"Content-Length: %d\r\n" % len(body)]
    for _ in range(pick.choice((0, 0, 1, 2))):
        lines.insert(pick.randrange(len(lines) + 1), pick.choice(noise.HEADERS))
    status = pick.choice(
        (b"200 OK", b"200 OK", b"200 OK", b"404 No", b"302 Found", b"500 No", b"204 No", b"100 C", b"x")
    )
    answer = b"HTTP/1.1 " + status + b"\r\n" + b"".join(lines) + b"\r\n" + body
    if pick.random() < 0.4:
        answer = noise.garbled(answer, pick, (*noise.BREAKS, *noise.HEADERS))
    made.says[str(number)] = answer
    headers = [f"Host: {made.house.host}\r\n".encode(), b"Connection: close\r\n"]
    headers.append(f"Cookie: {made.house.cookie(CAROL)}\r\n".encode())
    return noise.request(b"GET", f"{CAROLS_BASE}/{path.format(number)}".encode(), headers)


def showing(made: Stage, number: int, pick: random.Random) -> bytes:
    """Have Carol's kernel send malformed frames; return her browser's sound handshake."""
    made.says[str(number)] = _frames(pick, masked=False)
    lines = [f"Host: {made.house.host}\r\n", f"Origin: http://{made.house.host}\r\n"]
    lines += [f"Cookie: {made.house.cookie(CAROL)}\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n"]
    lines += ["Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"]
    lines += [f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n"]
    target = f"{CAROLS_BASE}/api/kernels/{KERNEL}/channels?session_id=n-{number}"
    return noise.request(b"GET", target.encode(), [line.encode() for line in lines])
