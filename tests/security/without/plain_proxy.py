"""The gate as it would be with a control replaced by what a plain proxy does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tornado.httpclient import HTTPResponse
from tornado.web import HTTPError

from hub.gate import (
    budget,
    channels,
    documents,
    forward,
    identity,
    leases,
    messages,
    outputs,
    pages,
    routes,
    socketpath,
    tied,
)
from hub.gate.budget import Meter
from hub.gate.leases import Leases, Place
from hub.gate.routes import Route, Shape
from tests.security.without.removal import replaced

MIB = 1 << 20


# Who comes in.


async def anybodys(self: identity.GateHandler, person: str, server: str) -> leases.Place:
    """Return the session in the path, whoever is signed in."""
    if await self.person() is None:
        raise HTTPError(401)
    place = self.gate.leases.find(person, server)
    if place is None:
        raise HTTPError(403)
    return place


async def of_the_path(self: identity.GateHandler, person: str, server: str) -> leases.Place:
    """Return the session in the path, whether or not anybody is signed in."""
    place = self.gate.leases.find(person, server)
    if place is None:
        raise HTTPError(403)
    return place


async def from_anywhere(self: tied.Tied) -> None:
    """Open a websocket for any site's page."""
    self.check_host()
    self.place = await self.own_place(*self.path_args[:2])


def any_origin() -> None:
    """Ask no websocket where it comes from."""
    replaced(tied.Tied, "prepare", from_anywhere)
    replaced(tied.Tied, "check_origin", lambda self, origin: True)


def unsigned_cookies() -> None:
    """Take a cookie as it is."""

    def read(self: identity.GateHandler, name: str, **_: Any) -> bytes | None:
        found = self.get_cookie(name)
        return None if found is None else found.encode()

    replaced(identity.GateHandler, "get_signed_cookie", read)


# Which requests pass.


def let_through(method: str, path: str) -> Route:
    """Let any request through, as a proxy would."""
    return Route(method, ".*", 64 * MIB, 64 * MIB, Shape.ANY)


def any_segments(raw: str) -> tuple[str, ...]:
    """Split a path as most servers do."""
    return tuple(part for part in unquote(raw).split("/") if part)


def any_method() -> None:
    """Forward every method to every address."""
    methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")
    replaced(routes, "find", let_through)
    replaced(forward.Forward, "SUPPORTED_METHODS", methods)
    for name in methods:
        setattr(forward.Forward, name.lower(), forward.Forward.answer)


def base64_contents() -> None:
    """Let files through in base64, asked for, answered and saved."""
    replaced(routes, "query", lambda route, raw: raw)
    replaced(documents, "request", lambda body, *, saves: body)
    documents._SHAPES[Shape.CONTENTS] = dict


async def proxied(self: pages.LabFile, person: str, server: str, area: str, rest: str) -> None:
    """Fetch one of Lab's own files from the session, as a proxy would."""
    place = await self.own_place(person, server)
    found = await forward.ask(self.gate, place, let_through("GET", ""), f"{area}/{rest}", "", None)
    self.set_header("Content-Type", found.headers["Content-Type"])
    await self.finish(found.body)


def proxied_files() -> None:
    """Fetch all of Lab's own files from the session."""
    replaced(pages.LabFile, "get", proxied)


async def as_answered(self: forward.Forward, found: HTTPResponse) -> tuple[int, bytes]:
    """Pass on what the session answered."""
    return found.code, found.body or b""


def headers_outward() -> None:
    """Pass on the headers of what the session answered."""
    rebuilt = forward.Forward._rebuilt

    async def passed(self: forward.Forward, found: HTTPResponse) -> tuple[int, bytes]:
        for name, value in found.headers.get_all():
            self.add_header(name, value)
        return await rebuilt(self, found)

    replaced(forward.Forward, "_rebuilt", passed)


def headers_inward() -> None:
    """Pass the browser's headers on to the session, cookies and all."""
    exchange = forward.Forward._exchange

    async def passed(self: forward.Forward, place: leases.Place) -> None:
        forward.INWARD_HEADERS.update(dict(self.request.headers))
        await exchange(self, place)

    replaced(forward.Forward, "_exchange", passed)


def long_answers() -> None:
    """Read an answer of any length."""
    long = tuple(Route(**{**vars(one), "response_bytes": 200 * MIB}) for one in routes.ROUTES)
    replaced(routes, "ROUTES", long)


# The socket's name.


@contextmanager
def by_name(folder: Path) -> Iterator[str]:
    """Reach the session by the name it wrote."""
    yield str(folder / socketpath.SOCKET_NAME)


@contextmanager
def of_anybody(folder: Path) -> Iterator[str]:
    """Reach the session by a name that is no link, whoever owns it."""
    holder = socketpath._open(folder, None, os.O_DIRECTORY)
    handle = socketpath._open(Path(socketpath.SOCKET_NAME), holder, 0)
    yield f"/proc/self/fd/{handle}"
    os.close(handle)
    os.close(holder)


def opened_to_look() -> None:
    """Open what lies there to look at it: a pipe holds up whoever opens it."""

    def look(path: Path, holder: int | None, extra: int) -> int:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | extra, dir_fd=holder)

    replaced(socketpath, "_open", look)


# Kernel messages.


def any_mime_type() -> None:
    """Show whatever a bundle holds."""
    replaced(outputs, "bundle", lambda data: dict(data))


def any_picture() -> None:
    """Pass a picture on as it was sent."""
    replaced(outputs, "picture", lambda value, kind: value)


def any_html() -> None:
    """Pass HTML on as it was sent."""
    replaced(outputs, "html", lambda value: value)


def long_messages() -> None:
    """Read kernel messages of any size, and cut no text."""
    replaced(channels.Relay, "largest", 200 * MIB)
    replaced(messages, "LARGEST_BYTES", 200 * MIB)
    replaced(outputs, "text", lambda value, limit=0: value if isinstance(value, str) else "")


# Bytes and time.


def uncounted(self: Meter, size: int) -> bool:
    """Send without counting."""
    return True


def unlimited() -> None:
    """Count, and send all the same."""

    def take(self: budget.Meter, size: int) -> bool:
        self.unreported += size
        return True

    replaced(budget.Meter, "take", take)
    replaced(budget.Meter, "left", property(lambda self: MIB))


def counted_as_said(self: budget.Meter, size: int) -> bool:
    """Count what fits, whatever size it is."""
    if size > self.left:
        return False
    self.unreported += size
    return True


async def goes_on(self: Leases) -> None:
    """Let sessions go on without the portal."""


def specs_as_they_are() -> None:
    """Pass a kernel's specification as the session wrote it."""
    documents._SHAPES[Shape.KERNELSPECS] = dict


def any_query(route: Route, raw: str) -> str:
    """Pass a query as it came."""
    return raw


def anybodys_place(self: Leases, person: str, server: str) -> Place | None:
    """Find a session by its name alone."""
    return next((one for one in self._places.values() if one.lease.server == server), None)
