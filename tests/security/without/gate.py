"""The gate's controls: who comes in, which requests and messages pass, how many bytes, and for how long."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tornado.httpclient import HTTPResponse
from tornado.web import HTTPError

from hub.gate import budget as budgets
from hub.gate import (
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
from hub.gate.routes import Route, Shape
from tests.security.without.removal import Removal, replaced

ENTRY, SERVER = "security/test_gate_entry.py", "security/test_gate_server.py"
MESSAGES, LEASES = "security/test_gate_messages.py", "security/test_gate_leases.py"
MIB = 1 << 20
Remove = Callable[[], None]


def swap(owner: object, name: str, value: object) -> Remove:
    """Return a removal that puts something else in a control's place."""
    return lambda: replaced(owner, name, value)


# Who comes in.


async def anybodys(self: identity.GateHandler, person: str, server: str) -> leases.Place:
    """Return the session in the path, whoever is signed in."""
    if await self.person() is None:
        raise HTTPError(401)
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


def uncounted(self: budgets.Meter, size: int) -> bool:
    """Send without counting."""
    return True


def unlimited() -> None:
    """Count, and send all the same."""

    def take(self: budgets.Meter, size: int) -> bool:
        self.unreported += size
        return True

    replaced(budgets.Meter, "take", take)
    replaced(budgets.Meter, "left", property(lambda self: MIB))


REMOVALS = {
    "person": Removal(
        "a session is reached by its own person",
        swap(identity.GateHandler, "own_place", anybodys),
        ENTRY,
        "test_someone_elses_session_is_refused_in_every_form",
    ),
    "cookie": Removal("signed cookies", unsigned_cookies, ENTRY, "test_a_forged_cookie_is_nobody"),
    "scope": Removal(
        "tokens of the gate's scope only",
        swap(identity.GateOAuth, "check_scopes", lambda self, required, model: {"all"}),
        ENTRY,
        "test_a_token_without_the_scope_of_the_gate_is_nobody",
    ),
    "host": Removal(
        "one host name",
        swap(identity.GateHandler, "check_host", lambda self: None),
        ENTRY,
        "test_a_wrong_host_is_refused",
        shows="== 421",
    ),
    "origin": Removal(
        "proof of origin on each change",
        swap(identity.GateHandler, "check_origin_of_change", lambda self, person, server: None),
        ENTRY,
        "test_another_sites_page_cannot_change_anything",
        shows="200 == 403",
    ),
    "websocket": Removal(
        "websockets for the lab's own pages only",
        any_origin,
        ENTRY,
        "test_another_sites_page_opens_no_websocket",
    ),
    "paths": Removal(
        "an allow-list of addresses",
        swap(routes, "find", let_through),
        ENTRY,
        "test_a_path_that_is_not_allowed_never_reaches_the_session",
        shows="HTTP/1.1 200",
    ),
    "segments": Removal(
        "a path that two readers could read differently is refused",
        lambda: (replaced(routes, "segments", any_segments), replaced(routes, "find", let_through))[0],
        ENTRY,
        "test_a_path_that_is_not_allowed_never_reaches_the_session",
        shows="HTTP/1.1 200",
    ),
    "methods": Removal(
        "an allow-list of methods",
        any_method,
        ENTRY,
        "test_other_methods_never_reach_the_session",
        shows="it reached the session",
    ),
    "base64": Removal(
        "no base64 in contents, either way",
        base64_contents,
        ENTRY,
        "test_base64_contents_are_refused_both_ways",
        shows="200 == 415",
    ),
    "files": Removal(
        "Lab's own files from the image's copy",
        proxied_files,
        SERVER,
        "test_a_replaced_server_cannot_serve_a_byte_of_labs_own_files",
        shows="RIFF",
    ),
    "rebuilt": Removal(
        "answers parsed as JSON and written anew",
        swap(forward.Forward, "_rebuilt", as_answered),
        SERVER,
        "test_an_answer_that_is_not_bearable_json_stays_in",
        shows="200 in",
    ),
    "answer": Removal(
        "the size of an answer",
        long_answers,
        SERVER,
        "test_an_answer_that_is_not_bearable_json_stays_in and huge",
        shows="200 in",
    ),
    "outward": Removal(
        "none of a session's headers comes out",
        headers_outward,
        SERVER,
        "test_no_header_of_a_session_comes_out_and_no_secret_goes_in",
        shows="set-cookie",
    ),
    "inward": Removal(
        "none of a browser's headers or cookies goes in",
        headers_inward,
        SERVER,
        "test_no_header_of_a_session_comes_out_and_no_secret_goes_in",
        shows="service-gate",
    ),
    "symlink": Removal(
        "a session's socket opened without links: none to docker.sock",
        swap(socketpath, "opened", by_name),
        SERVER,
        "test_a_symlink_to_another_socket_is_not_followed",
        shows="followed the link",
    ),
    "owner": Removal(
        "a session's socket owned by its session",
        swap(socketpath, "opened", of_anybody),
        SERVER,
        "test_a_socket_of_another_owner_is_not_used or test_a_socket_folder_of_root_is_not_used",
        shows="the gate used it",
    ),
    "pipe": Removal(
        "a session's socket looked at without being opened: no pipe holds the gate up",
        opened_to_look,
        SERVER,
        "test_a_fifo_or_a_file_in_the_sockets_place_holds_nobody_up",
    ),
    "messages": Removal(
        "an allow-list of kernel messages: no comms, no buffers",
        swap(channels, "_rebuilt", lambda received: received),
        MESSAGES,
        "test_comms_buffers_and_foreign_types_do_not_come_out",
        shows="speech",
    ),
    "types": Removal(
        "an allow-list of MIME types",
        any_mime_type,
        MESSAGES,
        "test_comms_buffers_and_foreign_types_do_not_come_out",
        shows="speech",
    ),
    "html": Removal(
        "HTML cleaned",
        any_html,
        MESSAGES,
        "test_comms_buffers_and_foreign_types_do_not_come_out",
        shows="<script>",
    ),
    "pictures": Removal(
        "pictures drawn again",
        any_picture,
        MESSAGES,
        "test_a_picture_comes_out_without_the_archive_behind_it",
    ),
    "size": Removal(
        "the size of a kernel message", long_messages, MESSAGES, "test_a_message_of_100_mb_stays_in"
    ),
    "comms": Removal(
        "an allow-list of messages to the kernel",
        swap(messages, "inward", lambda message: message),
        MESSAGES,
        "test_comms_and_debugging_do_not_go_in",
    ),
    "budget": Removal(
        "the budget of a day, cut off at the byte",
        unlimited,
        MESSAGES,
        "test_the_budget_cuts_a_websocket_off_at_the_byte or test_a_spent_budget_refuses_reading",
        shows="<= 100000|200 == 403",
    ),
    "meter": Removal(
        "every byte counted",
        swap(budgets.Meter, "take", uncounted),
        MESSAGES,
        "test_every_forwarded_byte_is_counted",
    ),
    "cut": Removal(
        "a lease that ended cuts what is open",
        swap(leases.Leases, "_cut", lambda self, place, reason: None),
        LEASES,
        "test_a_revoked_session_loses_its_websocket_and_its_pages",
    ),
    "lease": Removal(
        "without a live lease no page is answered",
        swap(leases.Leases, "check", lambda self, place: None),
        LEASES,
        "test_a_revoked_session_loses_its_websocket_and_its_pages",
    ),
    "renewal": Removal(
        "leases asked for every two seconds: a revocation cuts within five",
        swap(leases, "EVERY_SECONDS", 3600.0),
        LEASES,
        "test_a_revocation_cuts_the_websocket_within_five_seconds",
    ),
    "frozen": Removal(
        "a silent portal freezes all traffic",
        swap(leases.Leases, "frozen", property(lambda self: False)),
        LEASES,
        "test_a_silent_portal_freezes_traffic_until_it_answers",
    ),
}
