"""The gate between malformed browsers and hostile sessions: it never fails, and passes on what is listed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import random
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from PIL import Image
from tornado.httpclient import HTTPRequest
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from hub.gate.messages import PROTOCOL
from tests.fuzz import noise, trial
from tests.fuzz.noise import MARK
from tests.fuzz.trial import Report
from tests.gatehouse import ALICE, BASE, BOB, KERNEL, SESSION, SESSION_UID, House, lease, opened
from tests.hostile import HEADER, frame

CAROL = "01jcarol000000000000000000"
BOBS, CAROLS = "01jbobs0000000000000000000", "01jcarols00000000000000000"
BOBS_BASE, CAROLS_BASE = f"/user/{BOB}/quiet", f"/user/{CAROL}/voices"
BOBS_WORDS = b"bobs-own-words"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PLENTY = 1 << 40
# Written by hand, not taken from the gate: what may reach a session, whatever a browser sends.
MAY_REACH = re.compile(
    r"(api/(contents|kernels|sessions|kernelspecs)|lab/api/(settings|workspaces))(/[^?]*)?"
)
MAY_CARRY = {
    *("Host", "Accept", "Accept-Encoding", "Cookie", "X-Xsrftoken", "Content-Type", "Content-Length"),
    *("Connection", "User-Agent"),
}
MAY_ASK = {
    *("execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request"),
    *("kernel_info_request", "interrupt_request", "shutdown_request", "input_reply"),
}
MAY_SAY = {
    *("status", "stream", "display_data", "update_display_data", "execute_result", "execute_input", "error"),
    *("clear_output", "execute_reply", "complete_reply", "inspect_reply", "is_complete_reply"),
    *("history_reply", "kernel_info_reply", "interrupt_reply", "shutdown_reply", "input_request"),
}
# A fault of the gate's own, 500, is not among them.
ANSWERS = set(
    b"100 101 200 201 204 302 400 401 403 404 405 409 410 411 412 413 415 421 422 426 429 431 "
    b"501 502 503".split()
)


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


# The cases


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


def _asking(made: Stage, browser: Browser, proof: str, pick: random.Random) -> bytes:
    method, path = pick.choice(TARGETS)
    base = BOBS_BASE if browser.person and pick.random() < 0.15 else BASE
    lines = browser.headers(made.house, proof)
    if pick.random() < 0.7:
        lines.append(b"Connection: close\r\n")
    body = SAVED if method in (b"PUT", b"POST", b"PATCH") else b""
    return noise.malformed(method, (base + path).encode(), lines, body, pick)


def _talking(made: Stage, pick: random.Random) -> bytes:
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


def _answering(made: Stage, number: int, pick: random.Random) -> bytes:
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


def _showing(made: Stage, number: int, pick: random.Random) -> bytes:
    """Have Carol's kernel send malformed frames; return her browser's sound handshake."""
    made.says[str(number)] = _frames(pick, masked=False)
    lines = [f"Host: {made.house.host}\r\n", f"Origin: http://{made.house.host}\r\n"]
    lines += [f"Cookie: {made.house.cookie(CAROL)}\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n"]
    lines += ["Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"]
    lines += [f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n"]
    target = f"{CAROLS_BASE}/api/kernels/{KERNEL}/channels?session_id=n-{number}"
    return noise.request(b"GET", target.encode(), [line.encode() for line in lines])


# The judgement


def run(*, seed: int, count: int, start: int = 0) -> Report:
    """Try so many cases of each kind in turn."""
    report = Report()
    with stage() as made, trial.listening() as errors:
        asyncio.run(_run(made, errors, report, seed=seed, count=count, start=start))
    return report


async def _run(
    made: Stage, errors: Callable[[], list[str]], report: Report, *, seed: int, count: int, start: int
) -> None:
    proof = await asyncio.to_thread(made.house.xsrf, ALICE)
    for batch in trial.picks(seed, start, count):
        kind = sorted(KINDS)[(batch[0][0] // trial.BATCH) % len(KINDS)]
        made.alice.requests.clear()
        made.alice.messages.clear()
        cases = [KINDS[kind](made, number, pick, proof) for number, pick in batch]
        answers = await trial.together(made.connect, cases)
        wrong = [one for raw in answers for one in _wrong_answer(raw, kind)]
        wrong += [*_wrong_inside(made.alice, kind), *errors()]
        wrong += await asyncio.to_thread(_bob_misses, made)
        where = f"{kind}, seed {seed}, cases {batch[0][0]} to {batch[-1][0]}"
        report.faults += [f"{where}: {one}" for one in dict.fromkeys(wrong)]
        for raw in answers:
            report.answered(raw)
        report.cases += len(batch)
        made.says.clear()


Case = Callable[[Stage, int, random.Random, str], bytes]
KINDS: dict[str, Case] = {
    "a stranger's requests": lambda made, _, pick, proof: _asking(made, Browser(None), proof, pick),
    "requests without proof": lambda made, _, pick, proof: _asking(made, Browser(ALICE), proof, pick),
    "requests": lambda made, _, pick, proof: _asking(made, Browser(ALICE, proves=True), proof, pick),
    "frames": lambda made, _, pick, proof: _talking(made, pick),
    "a session's answers": lambda made, number, pick, _: _answering(made, number, pick),
    "a session's frames": lambda made, number, pick, _: _showing(made, number, pick),
}


def _wrong_answer(raw: bytes, kind: str) -> Iterator[str]:
    head, _, body = raw.partition(b"\r\n\r\n")
    if raw == b"hung":
        yield "the gate neither answered nor closed the connection"
    elif raw and (not raw.startswith(b"HTTP/1.1 ") or raw[9:12] not in ANSWERS):
        yield f"the gate answered {raw[:200]!r}"
    if MARK in head:
        yield f"a header came through: {head[-300:]!r}"
    if BOBS_WORDS in raw:
        yield "somebody else reads what Bob's session says"
    if raw[9:12] == b"200" and kind == "a session's answers" and not _is_json(body):
        yield f"what came out is not JSON: {body[:200]!r}"
    if raw[9:12] == b"101" and "frames" in kind:
        yield from _wrong_frames(body)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _wrong_frames(raw: bytes) -> Iterator[str]:
    """Say what is wrong with the frames that a browser got: bytes that no allow-list names."""
    while len(raw) >= 2:
        opcode, length, at = raw[0] & 15, raw[1] & 127, 2
        if length > 125:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(raw[2 : 2 + size], "big"), 2 + size
        payload, raw = raw[at : at + length], raw[at + length :]
        if opcode == 2 and len(payload) == length:
            yield from _wrong_message(payload, MAY_SAY)
        elif opcode not in (2, 8, 9, 10):
            yield f"a frame of kind {opcode} came out"


def _wrong_message(raw: bytes, allowed: set[str]) -> Iterator[str]:
    """Read a message as its receiver does and say what is wrong with it."""
    try:
        count = struct.unpack_from("<Q", raw)[0]
        offsets = struct.unpack_from(f"<{count}Q", raw, 8)
        header, parent, metadata, content = (
            json.loads(raw[offsets[n] : offsets[n + 1]]) for n in range(1, 5)
        )
    except (struct.error, ValueError, IndexError) as error:
        yield f"an unreadable message passed ({error}): {raw[:200]!r}"
        return
    if count != 6 or offsets[-1] != len(raw):
        yield "a buffer passed"
    if header.get("msg_type") not in allowed:
        yield f"a {header.get('msg_type')} passed"
    if metadata or "unlisted" in header or "unlisted" in parent or "unlisted" in content:
        yield f"metadata or an unlisted key passed: {raw[:300]!r}"


def _wrong_inside(seen: Seen, kind: str) -> Iterator[str]:
    """Say what reached Alice's session and may not."""
    for message in seen.messages:
        if isinstance(message, str):
            yield f"a text frame reached the kernel: {message[:100]}"
        else:
            yield from _wrong_message(message, MAY_ASK)
    for method, uri, headers, body in seen.requests:
        path = uri.removeprefix(f"{BASE}/").partition("?")[0]
        if kind == "a stranger's requests":
            yield f"a stranger's request reached the session: {method} {uri}"
        if kind == "requests without proof" and method != "GET":
            yield f"a change without proof reached the session: {method} {uri}"
        if path == uri or not MAY_REACH.fullmatch(path.partition("?")[0]) or "base64" in uri:
            yield f"{method} {uri} reached the session"
        if any(
            part in ("..", ".", "") or set(unquote(part)) & set("/\\\0\r\n")
            for part in path.partition("?")[0].split("/")
        ):
            yield f"an ambiguous path reached the session: {uri}"
        if not {name for name, _ in headers} <= MAY_CARRY or MARK.decode() in str(headers):
            yield f"headers reached the session: {headers}"
        if body and method == "GET":
            yield f"a body reached the session with a GET: {body[:100]!r}"


def _bob_misses(made: Stage) -> list[str]:
    """Say what Bob misses, whose session has nothing to do with all this."""
    made.bob.requests.clear()

    async def ask() -> None:
        await made.bobs_socket.write_message(_sound(), binary=True)

    made.house.run(ask())
    wrong = []
    try:
        said = made.house.next(made.bobs_socket)
        if not isinstance(said, bytes) or BOBS_WORDS not in said:
            wrong.append(f"Bob's kernel said {said!r}"[:200])
    except TimeoutError:
        wrong.append("Bob's kernel is silent")
    with made.house.client(BOB) as browser:
        answer = browser.get(f"{BOBS_BASE}/api/kernels/{KERNEL}")
    if answer.status_code != 502 and BOBS_WORDS not in answer.content:
        wrong.append(f"Bob's session answered {answer.status_code}")
    if len(made.bob.requests) != 1:
        wrong.append(f"{len(made.bob.requests)} requests reached Bob's session, one of them his")
    return wrong


def _sound() -> bytes:
    return frame("execute_request", {"code": "1"}).replace(b"iopub", b"shell")
