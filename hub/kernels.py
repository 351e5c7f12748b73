"""A session's kernel as JupyterLab drives it: over the server's bare socket, or through the gate."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from hub.gate import messages, socketpath
from hub.gate.forward import INWARD_HEADERS
from hub.gate.messages import Message

ANSWER_BYTES = 64 << 20
START_SECONDS = 60.0
_NUMBERS = itertools.count(1)


class KernelFailed(Exception):
    """A kernel or its server did not do what it was asked; the message is a sentence."""


@dataclass(frozen=True)
class Door:
    """Where a session's server is reached, and what is sent along."""

    # As "/user/<person>/<server>/".
    base: str
    headers: dict[str, str]
    # A socket's path, or nothing where `port` is meant.
    path: str = ""
    port: int = 0

    @property
    def _resolver(self) -> socketpath.OneSocket | None:
        return socketpath.OneSocket(path=self.path) if self.path else None

    def url(self, path: str, scheme: str = "http") -> str:
        """Return the address of something of the session's."""
        return f"{scheme}://{f'127.0.0.1:{self.port}' if self.port else 'localhost'}{self.base}{path}"

    async def ask(self, path: str, *, method: str = "GET", body: Any = None) -> HTTPResponse:
        """Ask once, over a connection of its own; any answer is an answer."""
        raw = None if body is None else json.dumps(body).encode()
        request = HTTPRequest(
            self.url(path),
            method=method,
            headers=HTTPHeaders(self.headers | ({"Content-Type": "application/json"} if raw else {})),
            body=raw,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            request_timeout=START_SECONDS,
        )
        client = SimpleAsyncHTTPClient(
            force_instance=True,
            resolver=self._resolver,
            max_body_size=ANSWER_BYTES,
            max_buffer_size=ANSWER_BYTES,
        )
        try:
            return await client.fetch(request, raise_error=False)
        finally:
            client.close()

    async def connect(self, kernel: str) -> WebSocketClientConnection:
        """Open a kernel's websocket."""
        url = self.url(f"api/kernels/{kernel}/channels?session_id=measured-{next(_NUMBERS)}", "ws")
        request = HTTPRequest(url, headers=HTTPHeaders(self.headers), request_timeout=START_SECONDS)
        return await websocket_connect(
            request, subprotocols=[messages.PROTOCOL], resolver=self._resolver, max_message_size=ANSWER_BYTES
        )


def bare(socket: Path, base: str) -> Door:
    """Return the way that the gate itself takes: the server's own socket."""
    return Door(base=base, headers=INWARD_HEADERS, path=str(socket))


@dataclass
class Kernel:
    """A kernel whose websocket is open."""

    id: str
    _socket: WebSocketClientConnection
    _asked: str = field(default="", init=False)

    async def run(self, code: str, *, seconds: float = 60.0) -> str:
        """Run code and return what it printed or raised, when the kernel is idle again."""
        self._asked = f"asked-{next(_NUMBERS)}-{os.getpid()}"
        header = {
            "msg_id": self._asked,
            "msg_type": "execute_request",
            "username": "x",
            "session": "measured",
        }
        header |= {"date": datetime.now(UTC).isoformat(), "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        await self._socket.write_message(messages.write(Message("shell", header, {}, content)), binary=True)
        try:
            return await asyncio.wait_for(self._heard(), seconds)
        except TimeoutError as error:
            raise KernelFailed(f"the kernel did not end within {seconds:.0f} s") from error

    async def _heard(self) -> str:
        said: list[str] = []
        idle = replied = False
        while not (idle and replied):
            raw = await self._socket.read_message()
            if not isinstance(raw, bytes):
                raise KernelFailed("the session closed its kernel's websocket")
            message = messages.parse(raw)
            if message.parent.get("msg_id") != self._asked:
                continue
            replied = replied or message.kind == "execute_reply"
            idle = idle or (message.kind == "status" and message.content.get("execution_state") == "idle")
            if message.kind == "stream":
                said.append(str(message.content.get("text", "")))
            elif message.kind == "error":
                said.append(f"{message.content.get('ename')}: {message.content.get('evalue')}\n")
        return "".join(said)

    async def close(self) -> None:
        """Close the websocket; the kernel goes on."""
        self._socket.close()


@asynccontextmanager
async def started(door: Door) -> AsyncIterator[Kernel]:
    """Yield a fresh kernel of a notebook that is never saved; it ends with the block."""
    # One notebook has one kernel, whoever asks: each asks for its own.
    name = f"measured-{next(_NUMBERS)}.ipynb"
    body = {
        "path": name,
        "name": name,
        "type": "notebook",
        "kernel": {"name": "python3"},
    }
    answer = await door.ask("api/sessions", method="POST", body=body)
    if answer.code != 201:
        raise KernelFailed(f"the session's server answered {answer.code} when asked for a kernel")
    found = json.loads(answer.body)
    kernel = Kernel(found["kernel"]["id"], await door.connect(found["kernel"]["id"]))
    try:
        await _answering(kernel)
        yield kernel
    finally:
        await kernel.close()
        await door.ask(f"api/sessions/{found['id']}", method="DELETE")


async def _answering(kernel: Kernel) -> None:
    """Return when a kernel answers: what it says before its channels are joined, nobody hears."""
    for _ in range(12):
        try:
            await kernel.run("pass", seconds=5)
        except KernelFailed:
            continue
        return
    raise KernelFailed("the kernel did not answer within a minute")
