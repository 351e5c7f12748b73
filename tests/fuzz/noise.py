"""Malformed HTTP, websocket frames, kernel messages and JSON: made from sound ones, the same for a seed."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Sequence
from typing import Any

# What no part may pass on: it stands in headers, metadata, buffers and keys that have no business anywhere.
MARK = b"zebra-mark"
BREAKS = (b"\r\n", b"\n", b"\r", b"\0", b"\r\n\r\n", b" ", b"\t", b"\x0b", b"\xff\xfe", b"\xc0\xaf", b"\x85")
HEADERS = (
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: +4\r\n",
    b"Content-Length: 4, 4\r\n",
    b"Content-Length: 4, 5\r\n",
    b"Content-Length: 99999999999999999999999\r\n",
    b"Content-Length: \xd9\xa3\r\n",
    b"Host: elsewhere.example\r\n",
    b"Host:\r\n",
    b" folded: line\r\n",
    b": nameless\r\n",
    b"Nothing\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n",
    b"Connection: close, X-XSRFToken, Cookie\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Type: multipart/form-data; boundary=x\r\n",
    b"Content-Type: application/x-www-form-urlencoded\r\n",
    b'Cookie: a=b; service-gate="2|1:0|10:1|1:x|1:y|z"\r\n',
    b"Cookie: \xff=\xff; ;;=\r\n",
    b"X-Forwarded-Host: elsewhere.example\r\nX-Forwarded-Proto: https\r\nX-Real-Ip: ::1\r\n",
    b"X-Scheme: javascript\r\nForwarded: for=unknown\r\n",
    b"X-HTTP-Method-Override: PUT\r\n",
    b"Range: bytes=-1,0-,5-2\r\n",
    b'If-None-Match: W/"\xff"\r\n',
    b"Accept: text/html\r\n",
    b"Authorization: token " + MARK + b"\r\n",
    b"Long: " + b"a" * 40_000 + b"\r\n",
)
METHODS = (b"get", b"OPTIONS", b"TRACE", b"CONNECT", b"G\tT", b"", b"PRI", MARK, b"A" * 9000)
PATHS = (
    b"/../", b"/%2e%2e/", b"/%2e%2e%2f", b"/..;/", b"//", b"%00", b"%0d%0aX-Mark:%20x", b"%5c", b"\\",
    b"%c0%ae", b"%", b"%zz", b"?format=base64", b"?type=x&type=file", b"?" + b"a&" * 400, b"#", b"/.",
    b"%u2215", b"%ef%bc%8f", b"/api/terminals", b"/files/x", b"\xe2\x80\xae", b"*",
    b"http://elsewhere.example/", b"/" + b"a" * 3000,
)  # fmt: skip
BODIES = (
    b"5\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b"-1\r\n\r\n", b"0x5\r\nhello\r\n",
    b"5;a=b\r\nhello\r\n0\r\n\r\n", b"{", b"[" * 100_000, b'{"a":' * 3000, b"NaN", b"1e999", b"9" * 5000,
    b'"\\ud800"', b"\xff\xfe{}", b"null", b"",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 70, 1e308, float("inf"), float("nan"), "", "x" * 20_000, "\ud800", "\0",
    "../../etc", [], [[]] * 50, {}, {"": {}}, {"a": [1, {"b": None}]}, ["x"] * 3, "2026-01-01",
    "2026-01-01T00:00:00", "9" * 400,
)  # fmt: skip


def garbled(data: bytes, pick: random.Random, tokens: Sequence[bytes] = BREAKS) -> bytes:
    """Return bytes with one to four faults: flipped, cut, doubled, or with a token where none belongs."""
    made = bytearray(data)
    for _ in range(pick.randint(1, 4)):
        at = pick.randrange(len(made) + 1)
        end = min(len(made), at + pick.choice((1, 2, 4, 16, 64)))
        fault = pick.randrange(6)
        if fault == 0 and at < len(made):
            made[at] ^= 1 << pick.randrange(8)
        elif fault == 1:
            del made[at:end]
        elif fault == 2:
            made[at:at] = made[at:end] * pick.choice((1, 2, 40))
        elif fault == 3:
            made = made[: max(1, at)]
        else:
            made[at:at] = pick.choice(tokens)
    return bytes(made)


def request(method: bytes, target: bytes, headers: Sequence[bytes], body: bytes = b"") -> bytes:
    """Return a sound request; each header is a whole line."""
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return method + b" " + target + b" HTTP/1.1\r\n" + b"".join(headers) + length + b"\r\n" + body


def malformed(
    method: bytes, target: bytes, headers: Sequence[bytes], body: bytes, pick: random.Random
) -> bytes:
    """Return a request with faults in its path, headers, body or anywhere."""
    lines = list(headers)
    for _ in range(pick.choice((0, 0, 1, 2))):
        lines.insert(pick.randrange(len(lines) + 1), pick.choice(HEADERS))
    if pick.random() < 0.3:
        at = pick.randrange(1, len(target) + 1)
        target = target[:at] + pick.choice(PATHS) + target[at:]
    if pick.random() < 0.2:
        body = pick.choice(BODIES)
    if pick.random() < 0.1:
        method = pick.choice(METHODS)
    made = request(method, target, lines, body)
    if pick.random() < 0.2:
        # A second request behind the first, on the same connection.
        made += request(b"GET", target, headers)
    return garbled(made, pick) if pick.random() < 0.35 else made


def document(sound: Any, pick: random.Random) -> Any:
    """Return a document with one to three values where others belong."""
    for _ in range(pick.randint(1, 3)):
        sound = _changed(sound, pick)
    return sound


def _changed(sound: Any, pick: random.Random) -> Any:
    if isinstance(sound, dict) and sound and pick.random() < 0.85:
        name = pick.choice(sorted(sound))
        made = dict(sound)
        if pick.random() < 0.15:
            del made[name]
        else:
            made[name] = _changed(made[name], pick)
        return made
    if isinstance(sound, list) and sound and pick.random() < 0.6:
        at = pick.randrange(len(sound))
        return [*sound[:at], _changed(sound[at], pick), *sound[at + 1 :]]
    return pick.choice(VALUES)


def encoded(value: Any, pick: random.Random) -> bytes:
    """Return a document as JSON that now and then is none."""
    raw = json.dumps(value).encode()
    return garbled(raw, pick, (*BREAKS, *BODIES)) if pick.random() < 0.3 else raw


def message(channel: bytes, parts: Sequence[Any], buffers: Sequence[bytes], pick: random.Random) -> bytes:
    """Return a kernel message whose documents, offsets or bytes may be wrong."""
    whole = [channel, *(encoded(document(one, pick) if pick.random() < 0.3 else one, pick) for one in parts)]
    whole += buffers
    offsets = [8 * (len(whole) + 2)]
    for part in whole:
        offsets.append(offsets[-1] + len(part))
    if pick.random() < 0.25:
        offsets[pick.randrange(len(offsets))] = pick.choice(
            (0, 1, 8, 1 << 31, (1 << 64) - 1, offsets[-1] + 1)
        )
    count = len(offsets) if pick.random() < 0.9 else pick.choice((0, 1, 5, 65, 1 << 40, (1 << 64) - 1))
    raw = struct.pack("<Q", count) + b"".join(struct.pack("<Q", n) for n in offsets) + b"".join(whole)
    return garbled(raw, pick) if pick.random() < 0.2 else raw


def frame(payload: bytes, pick: random.Random, *, masked: bool, opcode: int = 2) -> bytes:
    """Return a websocket frame that may lie about its length, its mask, its bits or its kind."""
    first = 0x80 | opcode
    if pick.random() < 0.25:
        first = pick.randrange(256)
    length = len(payload)
    if pick.random() < 0.1:
        length = pick.choice((0, 125, 126, 65_535, 65_536, 1 << 31, (1 << 63) - 1, (1 << 64) - 1, length + 1))
    mask = 0x80 if masked != (pick.random() < 0.05) else 0
    if length < 126 and pick.random() < 0.95:
        head = struct.pack("!BB", first, mask | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, mask | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask | 127, length)
    key = pick.randbytes(4) if mask else b""
    return head + key + (_under(payload, key) if key else payload)


def _under(payload: bytes, key: bytes) -> bytes:
    stretched = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(len(payload), "big")
