"""The two websockets of a session: kernel messages and server events, both read, rebuilt and metered."""

from __future__ import annotations

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.web import HTTPError
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketError,
    websocket_connect,
)

from hub.gate import documents, messages, socketpath
from hub.gate.forward import CONNECT_SECONDS, INWARD_HEADERS, REBUILDERS, SPENT, base_path
from hub.gate.leases import Cut
from hub.gate.tied import POLICY_CODE, Tied

log = logging.getLogger("parlatory.gate")

EVENT_BYTES = 64 * 1024
INLINE_BYTES = 16 * 1024
SERVER_CODE = 1011
_SESSION_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Relay(Tied, ABC):
    """A websocket of the browser's, tied to one of the session's as well."""

    inner: WebSocketClientConnection | None = None
    pump: asyncio.Task[None] | None = None
    protocols: tuple[str, ...] = ()
    largest = messages.LARGEST_BYTES

    async def prepare(self) -> None:
        """Let nobody in whose budget is spent, or who speaks what the gate can't read."""
        await super().prepare()
        if self.place.meter.left == 0:
            raise HTTPError(403, SPENT)
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if self.protocols and self.protocols[0] not in [one.strip() for one in offered.split(",")]:
            raise HTTPError(400, f"This address speaks {self.protocols[0]} only.")

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose the one protocol whose frames the gate can read."""
        return next((name for name in subprotocols if name in self.protocols), None)

    def get_compression_options(self) -> dict[str, Any] | None:
        """Compress nothing: bytes are counted as they are."""
        return None

    async def open(self, *_parts: str) -> None:
        """Connect to the session's own websocket and start passing messages."""
        await super().open()
        try:
            self.inner = await self._connect()
        except (socketpath.SocketRefused, HTTPClientError, WebSocketError, OSError, ValueError):
            self.close(SERVER_CODE, "The session's server does not answer.")
            return
        if self not in self.place.open:
            # The browser left while the session's side was being connected.
            self._leave()
            return
        if self.protocols and self.inner.selected_subprotocol not in self.protocols:
            self.close(SERVER_CODE, "The session's server speaks another protocol.")
            self._leave()
            return
        self.pump = asyncio.create_task(self._pump(self.inner))

    async def _connect(self) -> WebSocketClientConnection:
        url = f"ws://localhost{base_path(self.place)}{self.inward_path()}"
        headers = HTTPHeaders({name: INWARD_HEADERS[name] for name in ("Host", "Cookie")})
        request = HTTPRequest(url, headers=headers, connect_timeout=CONNECT_SECONDS, request_timeout=30)
        with ExitStack() as stack:
            folder = self.gate.sessions / self.place.lease.session / "in"
            address = stack.enter_context(socketpath.opened(folder))
            connecting: Awaitable[WebSocketClientConnection] = websocket_connect(
                request,
                subprotocols=list(self.protocols) or None,
                max_message_size=self.largest,
                resolver=socketpath.OneSocket(path=address),
            )
            return await asyncio.wait_for(connecting, 30)

    async def _pump(self, inner: WebSocketClientConnection) -> None:
        """Pass the session's messages outward, one at a time, until either side ends."""
        try:
            while (received := await inner.read_message()) is not None:
                shown = await self.outward(received)
                if shown is None:
                    continue
                await self.gate.leases.passing(self.place)
                if not self.place.meter.take(len(shown)):
                    await self._spent()
                    return
                await self.write_message(shown, binary=isinstance(shown, bytes))
            self.close(SERVER_CODE, "The session's server closed the connection.")
        except Cut as cut:
            self.cut(str(cut))
        except WebSocketClosedError:
            return

    async def _spent(self) -> None:
        facts = {"budget_bytes": self.place.lease.budget_bytes}
        self.gate.leases.tell(self.place, "budget_spent", facts)
        last = self.last_words()
        if last is not None:
            await self.write_message(last, binary=isinstance(last, bytes))
        self.close(POLICY_CODE, "The byte budget of today is spent.")

    def cut(self, reason: str) -> None:
        """Close towards the browser and the session at once."""
        super().cut(reason)
        self._leave()

    def on_close(self) -> None:
        """Let go of the session's side."""
        super().on_close()
        self._leave()
        if self.pump is not None:
            self.pump.cancel()

    def _leave(self) -> None:
        """Close the session's side at once: its server may never answer a closing handshake."""
        if self.inner is None:
            return
        # Closing forgets the protocol, and with it the way to its stream.
        stream = getattr(self.inner.protocol, "stream", None)
        self.inner.close()
        if stream is not None:
            stream.close()

    @abstractmethod
    def inward_path(self) -> str:
        """Return the path to ask the session's server for."""

    @abstractmethod
    async def outward(self, received: str | bytes) -> str | bytes | None:
        """Return what of a message may be shown, or None."""

    def last_words(self) -> str | bytes | None:
        """Return the one message that says the budget is spent, if this websocket can carry it."""
        return None


class Channels(Relay):
    """A kernel's messages, read both ways."""

    protocols = (messages.PROTOCOL,)
    asked: dict[str, Any] | None = None

    def inward_path(self) -> str:
        """Ask for the same kernel, under the page's own session id."""
        session = self.get_query_argument("session_id", "")
        query = f"?session_id={quote(session)}" if _SESSION_ID.fullmatch(session) else ""
        return f"api/kernels/{self.path_args[2]}/channels{query}"

    async def on_message(self, message: str | bytes) -> None:
        """Let an allowed message in; anything else is dropped and reported."""
        if not isinstance(message, bytes):
            self.close(POLICY_CODE, "This websocket carries binary frames only.")
            return
        try:
            read = messages.parse(message)
            allowed = messages.inward(read)
            await self.gate.leases.passing(self.place)
        except messages.Unreadable:
            self.close(POLICY_CODE, "A kernel message could not be read.")
            return
        except Cut as cut:
            self.cut(str(cut))
            return
        if allowed is None:
            self.gate.leases.tell(self.place, "refused", {"what": f"message {read.kind}"[:100]})
            return
        if allowed.kind == "execute_request":
            self.asked = allowed.header
        if allowed.kind != "kernel_info_request":
            self.place.touch()
        if self.inner is not None:
            try:
                await self.inner.write_message(messages.write(allowed), binary=True)
            except WebSocketClosedError:
                self.close(SERVER_CODE, "The session's server closed the connection.")

    async def outward(self, received: str | bytes) -> bytes | None:
        """Rebuild a kernel's message from what may be shown; large ones in a thread."""
        if not isinstance(received, bytes):
            self.gate.leases.tell(self.place, "refused", {"what": "text frame"})
            return None
        if len(received) <= INLINE_BYTES:
            shown = _rebuilt(received)
        else:
            shown = await asyncio.get_running_loop().run_in_executor(REBUILDERS, _rebuilt, received)
        if shown is None:
            self.gate.leases.tell(self.place, "refused", {"what": "kernel message"})
        return shown

    def last_words(self) -> bytes | None:
        """Say in the cell that ran last that the budget is spent."""
        return messages.sentence(SPENT, self.asked or {}, session=self.place.lease.session)


def _rebuilt(received: bytes) -> bytes | None:
    try:
        allowed = messages.outward(messages.parse(received))
    except messages.Unreadable:
        return None
    return messages.write(allowed) if allowed is not None else None


class Events(Relay):
    """The server's own events: small JSON texts, outward only."""

    largest = EVENT_BYTES

    def inward_path(self) -> str:
        """Ask for the one address of events."""
        return "api/events/subscribe"

    async def on_message(self, message: str | bytes) -> None:
        """Let nothing in: Lab only listens here."""

    async def outward(self, received: str | bytes) -> str | None:
        """Pass an event as JSON written anew."""
        if not isinstance(received, str):
            return None
        try:
            document = documents.load(received.encode("utf-8", "replace"))
        except documents.Unfit:
            return None
        return documents.dump(document).decode() if isinstance(document, dict) else None
