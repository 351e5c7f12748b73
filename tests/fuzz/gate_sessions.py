"""A gate before three sessions: one that notes what comes, one that is left alone, one that is hostile."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from hub.gate.messages import PROTOCOL
from tests.gatehouse import BOB, KERNEL, SESSION, SESSION_UID, House, lease, opened
from tests.hostile import frame

CAROL = "01jcarol000000000000000000"
BOBS, CAROLS = "01jbobs0000000000000000000", "01jcarols00000000000000000"
BOBS_BASE, CAROLS_BASE = f"/user/{BOB}/quiet", f"/user/{CAROL}/voices"
BOBS_WORDS = b"bobs-own-words"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PLENTY = 1 << 40


@dataclass
class Seen:
    """What reached a session's server."""

    requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    messages: list[str | bytes] = field(default_factory=list)


@dataclass
class Stage:
    """A gate before three sessions: Alice's notes what comes, Bob's is left alone, Carol's is hostile."""

    house: House
    alice: Seen
    bob: Seen
    bobs_socket: WebSocketClientConnection
    # What Carol's session answers next: bytes for a request, frames for a websocket.
    says: dict[str, bytes] = field(default_factory=dict)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to the gate."""
        return await asyncio.open_connection("127.0.0.1", self.house.port)


def _noting(seen: Seen, answer: bytes) -> list[Any]:
    class Notes(RequestHandler):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "TRACE", "CONNECT")

        def check_xsrf_cookie(self) -> None:
            """Notes everything, refuses nothing."""

        def note(self) -> None:
            """Note the request and answer what the gate lets out."""
            one = self.request
            seen.requests.append((one.method or "", one.uri or "", list(one.headers.get_all()), one.body))
            self.set_header("Content-Type", "application/json")
            self.finish(answer)

        get = put = post = patch = delete = head = options = trace = connect = note

    class Talks(WebSocketHandler):
        def select_subprotocol(self, subprotocols: list[str]) -> str | None:
            return subprotocols[0] if subprotocols else None

        def on_message(self, message: str | bytes) -> None:
            seen.messages.append(message)
            self.write_message(frame("stream", {"name": "stdout", "text": BOBS_WORDS.decode()}), binary=True)

    return [(r"/.*/channels", Talks), (r"/.*", Notes)]


@contextmanager
def stage() -> Iterator[Stage]:
    """Yield the gate and its sessions."""
    with opened() as house:
        for session, person, server in ((BOBS, BOB, "quiet"), (CAROLS, CAROL, "voices")):
            house.portal.leases[session] = lease(
                session=session, person=person, server=server, budget_bytes=PLENTY
            )
        house.portal.leases[SESSION] = lease(budget_bytes=PLENTY)
        house.tick()
        alice, bob = Seen(), Seen()
        house.serve_session(Application(_noting(alice, b"{}")), max_body_size=64 << 20)
        words = json.dumps([{"id": KERNEL, "name": BOBS_WORDS.decode()}]).encode()
        house.serve_session(Application(_noting(bob, words)), session=BOBS)
        socket = _bobs(house)
        made = Stage(house, alice, bob, socket)
        hostile = house.run(_carol(made))
        yield made
        house.close(socket)

        async def end() -> None:
            hostile.close()
            await hostile.wait_closed()

        house.run(end())


def _bobs(house: House) -> WebSocketClientConnection:
    """Open Bob's kernel's websocket, which nobody else's malformed bytes may end."""
    url = f"ws://127.0.0.1:{house.port}{BOBS_BASE}/api/kernels/{KERNEL}/channels?session_id=abc"
    headers = {"Host": house.host, "Origin": f"http://{house.host}", "Cookie": house.cookie(BOB)}

    async def connect() -> WebSocketClientConnection:
        return await websocket_connect(HTTPRequest(url, headers=headers), subprotocols=[PROTOCOL])

    return house.run(connect())


async def _carol(made: Stage) -> asyncio.Server:
    """Let Carol's session be any program at all: it says the bytes it was told to say."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            number = re.search(rb"(?:n|0000)-0*(\d+)", head)
            said = made.says.get(number.group(1).decode() if number else "", b"")
            if key := re.search(rb"(?i)sec-websocket-key: *(\S+)", head):
                accept = base64.b64encode(hashlib.sha1(key.group(1) + GUID).digest())
                writer.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Protocol: " + PROTOCOL.encode() + b"\r\n"
                    b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
                )
            writer.write(said)
            await writer.drain()
        writer.close()

    path = made.house.folder(CAROLS) / "jupyter.sock"
    server = await asyncio.start_unix_server(answer, sock=bind_unix_socket(str(path), mode=0o666))
    os.chown(path, SESSION_UID, -1)
    return server
