"""Websockets tied to a session's lease: they end with it, and one of them does nothing but say why."""

from __future__ import annotations

import asyncio

from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from hub.gate.identity import GateHandler
from hub.gate.leases import Place

POLICY_CODE = 1008


class Tied(WebSocketHandler, GateHandler):
    """A websocket of the browser's that only this person's own page opens, and that ends with the session."""

    place: Place

    async def prepare(self) -> None:
        """Let only this person's own page of this running session in."""
        self.check_host()
        if self.request.headers.get("Origin") != self.gate.lab_url:
            raise HTTPError(403, "Another site asked for this; it was refused.")
        person, server = self.path_args[:2]
        self.place = await self.own_place(person, server)

    def check_origin(self, origin: str) -> bool:
        """Repeat the check of `prepare` where tornado looks for it."""
        return origin == self.gate.lab_url

    async def open(self, *_parts: str) -> None:
        """End with the session from now on."""
        # A kernel answers in several small messages; held back until the last is acknowledged, that is 40 ms.
        self.set_nodelay(True)
        self.place.open.add(self)

    def cut(self, reason: str) -> None:
        """Close at once, saying why."""
        self.close(POLICY_CODE, reason.encode()[:120].decode("utf-8", "ignore"))
        # A browser that does not answer the closing handshake loses its connection all the same.
        stream = getattr(self.ws_connection, "stream", None)
        if stream is not None:
            asyncio.get_running_loop().call_later(1.0, stream.close)

    def on_close(self) -> None:
        """Forget the browser."""
        place = getattr(self, "place", None)
        if place is not None:
            place.open.discard(self)


class Ending(Tied):
    """Carries one message: why the session ended, in full, for the strip above Lab."""

    async def on_message(self, message: str | bytes) -> None:
        """Let nothing in: the strip only listens."""

    def cut(self, reason: str) -> None:
        """Say why, then close; a closing frame has no room for a whole sentence."""
        try:
            # The future is the browser's affair: whoever left hears nothing.
            self.write_message(reason).add_done_callback(lambda said: said.cancelled() or said.exception())
        except WebSocketClosedError:
            return
        super().cut(reason)
