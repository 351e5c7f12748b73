"""A session server that is the attacker's own, in front of which a real gate stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from tests.gatehouse import BASE, KERNEL, House, opened

HEADER = {"msg_id": "1", "session": "s", "username": "u", "date": "d", "version": "5.3"}
OTHER_METHODS = ("OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND")
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

    SUPPORTED_METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", *OTHER_METHODS)
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
    options = head = trace = connect = propfind = answer


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
