"""Forwarding one allowed request to a session's server, and rebuilding what it answers."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders, HTTPInputError
from tornado.iostream import UnsatisfiableReadError
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.web import HTTPError, stream_request_body

from hub.gate import documents, routes, socketpath
from hub.gate.identity import Gate, GateHandler
from hub.gate.leases import Cut, Place
from hub.gate.routes import Route, Shape

log = logging.getLogger("parlatory.gate")

CONNECT_SECONDS = 3.0
HEADER_BYTES = 16 * 1024
ERROR_BYTES = 16 * 1024
BUSY_AT_MOST = 24
SPENT = (
    "This session has sent as much to the browser as one day allows, so nothing more is shown. "
    "Saving and handing in still work; the budget starts anew tomorrow."
)
REBUILDERS = ThreadPoolExecutor(2, thread_name_prefix="rebuild")
INWARD_HEADERS = {
    "Host": "localhost",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Cookie": "_xsrf=gate",
    "X-XSRFToken": "gate",
}
_CHANGES = {"PUT", "POST", "PATCH"}
_PASSED_ON = {400, 403, 404, 405, 409, 410, 412, 413, 415, 422}


class NoSession(Exception):
    """The session's server did not answer as a server should; the message is a sentence."""


def base_path(place: Place) -> str:
    """Return the path under which the session's server answers."""
    return f"/user/{place.lease.person}/{place.lease.server}/"


async def ask(gate: Gate, place: Place, route: Route, path: str, query: str, body: bytes) -> HTTPResponse:
    """Ask the session's server once, with limits on time and size."""
    headers = HTTPHeaders(INWARD_HEADERS)
    if body:
        headers["Content-Type"] = "application/json"
    url = f"http://localhost{base_path(place)}{path}" + (f"?{query}" if query else "")
    request = HTTPRequest(
        url,
        method=route.method,
        headers=headers,
        # A change without a body says so; with None it would be sent in pieces of unknown length.
        body=body if route.method in _CHANGES else None,
        allow_nonstandard_methods=True,
        follow_redirects=False,
        decompress_response=False,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=route.seconds,
    )
    limit = max(route.response_bytes, ERROR_BYTES)
    try:
        with socketpath.opened(gate.sessions / place.lease.session / "in") as address:
            resolver = socketpath.OneSocket(path=address)
            client = SimpleAsyncHTTPClient(
                force_instance=True,
                resolver=resolver,
                max_header_size=HEADER_BYTES,
                max_body_size=limit,
                max_buffer_size=limit + HEADER_BYTES,
            )
            client.tcp_client = socketpath.Connections(resolver)
            try:
                return await client.fetch(request, raise_error=False)
            finally:
                client.close()
    except socketpath.SocketRefused as error:
        raise NoSession(str(error)) from error
    except (HTTPClientError, HTTPInputError, UnsatisfiableReadError, OSError, ValueError) as error:
        raise NoSession("The session's server does not answer.") from error


@stream_request_body
class Forward(GateHandler):
    """Everything the gate does not serve itself: on the allow-list, or refused."""

    SUPPORTED_METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")

    async def prepare(self) -> None:
        """Decide from path, method and person before a byte of the body is read."""
        self.check_host()
        person, server, rest = self.path_args
        self.body = bytearray()
        self.place = await self.own_place(person, server)
        try:
            parts = routes.segments("/" + rest)
        except routes.BadPath as error:
            self._tell_refused("path")
            raise HTTPError(400, f"Refused: {error}.") from error
        method = str(self.request.method)
        route = routes.find(method, "/".join(parts))
        if route is None:
            self._tell_refused(f"{method} {'/'.join(parts[:2])}"[:100])
            raise HTTPError(404, "The gate does not let this address through.")
        self.route, self.inward_path = route, routes.inward(parts)
        self.shown_path = "/".join(parts)
        if method != "GET":
            self.check_origin_of_change(person, server)
        connection: Any = self.request.connection
        connection.set_max_body_size(route.request_bytes)

    def data_received(self, chunk: bytes) -> None:
        """Collect the body; tornado has already refused more than the route allows."""
        self.body += chunk

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Refuse and close: the rest of a refused body is not read."""
        self.set_header("Connection", "close")
        super().write_error(status_code, **kwargs)

    async def answer(self, *_parts: str) -> None:
        """Forward, rebuild, meter, send."""
        place = self.place
        if place.busy >= BUSY_AT_MOST:
            raise HTTPError(429, "This session answers too many requests at once; wait a moment.")
        if self.route.method != "GET":
            place.touch()
        place.busy += 1
        try:
            await self._exchange(place)
        finally:
            place.busy -= 1

    get = put = post = patch = delete = answer

    async def _exchange(self, place: Place) -> None:
        spent = place.meter.left == 0
        if spent and not self.route.saves:
            self._refuse_spent()
        try:
            query = routes.query(self.route, self.request.query)
            body = documents.request(bytes(self.body), saves=self.route.saves)
            found = await ask(self.gate, place, self.route, self.inward_path, query, body)
            await self._recheck(place)
            status, answer = await self._rebuilt(found)
        except (routes.BadQuery, documents.Unfit) as error:
            self._tell_refused("content")
            raise HTTPError(415, str(error)) from error
        except NoSession as error:
            raise HTTPError(502, str(error)) from error
        if self.route.saves and status < 300:
            self._tell_saved(place, body)
        if spent or not place.meter.take(len(answer)):
            if not (self.route.saves and status < 300):
                self._refuse_spent()
            answer = self._own_answer_to_save()
        self.set_status(status)
        if answer:
            self.set_header("Content-Type", "application/json; charset=utf-8")
        await self.finish(answer or None)

    async def _recheck(self, place: Place) -> None:
        if self.gate.leases.frozen:
            raise HTTPError(503, "The portal does not answer, so nothing passes. Wait a moment.")
        try:
            self.gate.leases.check(place)
        except Cut as cut:
            raise HTTPError(403, str(cut)) from cut

    async def _rebuilt(self, found: HTTPResponse) -> tuple[int, bytes]:
        body = found.body or b""
        if found.code in _PASSED_ON:
            return found.code, documents.dump(
                {"message": documents.refusal(body[:ERROR_BYTES]), "reason": None}
            )
        if found.code // 100 != 2:
            raise NoSession("The session's server could not do this.")
        if self.route.shape is Shape.NOTHING:
            return 204, b""
        kind = found.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or "Content-Encoding" in found.headers:
            self._tell_refused("content type")
            raise NoSession("The session's server answered with something that is not JSON.")
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(REBUILDERS, documents.rebuilt, self.route.shape, body)
        return (201 if found.code == 201 else 200), answer

    def _refuse_spent(self) -> None:
        self.gate.leases.tell(self.place, "budget_spent", {"budget_bytes": self.place.lease.budget_bytes})
        raise HTTPError(403, SPENT)

    def _tell_refused(self, what: str) -> None:
        self.gate.leases.tell(self.place, "refused", {"what": what})

    def _tell_saved(self, place: Place, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        facts = {"path": self.shown_path.removeprefix("api/contents/"), "bytes": len(body), "sha256": digest}
        self.gate.leases.tell(place, "saved", facts)

    def _own_answer_to_save(self) -> bytes:
        """Answer a save without a byte from the session: the budget is spent, the work is not lost."""
        path = self.shown_path.removeprefix("api/contents/")
        now = datetime.now(UTC).isoformat()
        kind = "notebook" if path.endswith(".ipynb") else "file"
        times = {"created": now, "last_modified": now}
        entry = {"name": path.rpartition("/")[2], "path": path, "type": kind, "writable": True} | times
        return documents.dump(entry | {"mimetype": None, "size": None, "format": None, "content": None})
