"""What may come out of the gate and reach a session, written by hand and not taken from it."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from urllib.parse import unquote

from tests.fuzz.gate_sessions import BOBS_WORDS, Seen
from tests.fuzz.noise import MARK
from tests.gatehouse import BASE

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


def wrong_answer(raw: bytes, kind: str) -> Iterator[str]:
    """Say what is wrong with what a browser got."""
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


def wrong_inside(seen: Seen, kind: str) -> Iterator[str]:
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
        if path == uri or not MAY_REACH.fullmatch(path) or "base64" in uri:
            yield f"{method} {uri} reached the session"
        if any(part in ("..", ".", "") or set(unquote(part)) & set("/\\\0\r\n") for part in path.split("/")):
            yield f"an ambiguous path reached the session: {uri}"
        if not {name for name, _ in headers} <= MAY_CARRY or MARK.decode() in str(headers):
            yield f"headers reached the session: {headers}"
        if body and method == "GET":
            yield f"a body reached the session with a GET: {body[:100]!r}"
