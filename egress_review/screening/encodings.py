"""Finds encoded data in text and decodes it, to a fixed depth, so that what is inside can be matched."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from egress_review.screening.limits import Limits

BASE64 = r"[A-Za-z0-9+/_-]"
DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+[;,]", re.IGNORECASE)
DIGITS = re.compile(r"(?<![\d.])\d{25,}")
DIGEST_LENGTHS = {32, 40, 56, 64, 96, 128}  # hex characters of MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
WRAPPED = re.compile(
    rf"(?:^[ \t]*(?:{BASE64}{{40,}}={{0,2}})[ \t\\,'\"]*\n){{2,}}[ \t]*{BASE64}*={{0,2}}", re.MULTILINE
)
BASE85 = re.compile(r"[!-u]{60,}|[0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]{60,}")
NUMBER_LIST = re.compile(r"(?:\b(?:0x[0-9a-f]{1,2}|\d{1,3})\b[,\s]+){40,}", re.IGNORECASE)


@dataclass(frozen=True)
class Blob:
    """A run of encoded-looking characters: its text without line breaks and its 1-based line."""

    text: str
    line: int

    @property
    def is_digest(self) -> bool:
        """Whether this has the form of one checksum: hex of a usual length."""
        return len(self.text) in DIGEST_LENGTHS and bool(re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", self.text))


def blobs(text: str, least: int) -> list[Blob]:
    """Return the runs of at least `least` characters that look encoded rather than written."""
    found: list[Blob] = []
    covered: list[tuple[int, int]] = []
    for match in WRAPPED.finditer(text):
        found.append(Blob(re.sub(r"[\s\\,'\"]", "", match.group()), _line(text, match.start())))
        covered.append(match.span())
    for match in re.finditer(rf"{BASE64}{{{least},}}={{0,6}}", text):
        inside = any(start <= match.start() < end for start, end in covered)
        if not inside and _looks_encoded(match.group()):
            found.append(Blob(match.group(), _line(text, match.start())))
    for match in BASE85.finditer(text):
        plain = re.fullmatch(rf"{BASE64}+=*", match.group())
        if not plain and _is_dense(match.group()):
            found.append(Blob(match.group(), _line(text, match.start())))
    return found


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _looks_encoded(run: str) -> bool:
    """Return whether a run mixes characters as no path, rule or identifier does."""
    if len(set(run)) < 6:
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", run):
        return True
    pieces = [piece for piece in re.split(r"[/_\-]", run) if piece]
    longest = max(map(len, pieces), default=0)
    if (
        longest < 24
        and len(pieces) > 1
        and all(re.fullmatch(r"[A-Z]?[a-z]*|[A-Z]*|\d+", piece) for piece in pieces)
    ):
        return False
    changes = sum(_class(a) != _class(b) for a, b in pairwise(run))
    return changes > len(run) / 6 or longest >= 40


def _class(character: str) -> int:
    return 0 if character.islower() else 1 if character.isupper() else 2


def _is_dense(run: str) -> bool:
    kinds = [_class(character) if character.isalnum() else 3 for character in run]
    changes = sum(a != b for a, b in pairwise(kinds))
    return len(set(run)) >= 24 and changes > len(run) / 3


def decoded(blob: str, limits: Limits) -> Iterator[bytes]:
    """Yield what a run of characters may mean: each decoding, unpacked, to `limits.decode_depth`."""
    todo: list[tuple[bytes, int]] = [(data, 1) for data in _from_text(blob)]
    seen: set[bytes] = set()
    while todo and len(seen) < 64:
        data, depth = todo.pop(0)
        if data in seen or not data:
            continue
        seen.add(data)
        yield data
        if depth >= limits.decode_depth:
            continue
        unpacked = unpack(data, limits.decoded_bytes)
        if unpacked is not None:
            todo.append((unpacked, depth + 1))
        elif is_text(data):
            inner = re.sub(r"\s", "", data.decode("ascii", "replace"))
            if re.fullmatch(r"[!-~]{16,}", inner):
                todo.extend((more, depth + 1) for more in _from_text(inner))


def _from_text(run: str) -> Iterator[bytes]:
    """Yield the bytes that base16, base32, base64 (both alphabets) and base85 read in a run of characters."""
    plain = run.strip().rstrip("=")
    decoders: tuple[Callable[[], bytes], ...] = (
        lambda: binascii.unhexlify(plain),
        lambda: base64.b32decode(plain.upper() + "=" * (-len(plain) % 8)),
        lambda: base64.b64decode(
            plain.replace("-", "+").replace("_", "/") + "=" * (-len(plain) % 4), validate=True
        ),
        lambda: base64.b85decode(run.strip()),
        lambda: base64.a85decode(run.strip()),
    )
    for decode in decoders:
        try:
            yield decode()
        except (ValueError, binascii.Error):
            continue


def unpack(data: bytes, most: int) -> bytes | None:
    """Return what a compressed stream holds, at most `most` bytes of it; None where it is none."""
    try:
        if data[:2] == b"\x1f\x8b":
            return zlib.decompressobj(31).decompress(data, most)
        if data[:1] == b"\x78":
            return zlib.decompressobj().decompress(data, most)
        if data[:3] == b"BZh":
            return bz2.BZ2Decompressor().decompress(data, most)
        if data[:6] == b"\xfd7zXZ\x00" or data[:3] == b"]\x00\x00":
            return lzma.LZMADecompressor(memlimit=256 * 1024 * 1024).decompress(data, most)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
        return None
    return None


def is_text(data: bytes) -> bool:
    """Return whether bytes read as written text: valid UTF-8 with hardly any control characters."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    odd = sum(ord(character) < 32 and character not in "\t\n\r" for character in text)
    return bool(text) and odd == 0


def views(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text under the usual cheap disguises, each with its name; the plain text comes first."""
    yield "", text
    yield "rot13", codecs.encode(text, "rot13")
    yield "reversed", "\n".join(line[::-1] for line in text.split("\n"))


def numbers_as_bytes(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield lists of numbers 0 to 255 as the bytes they spell, with their 1-based line."""
    for match in NUMBER_LIST.finditer(text):
        values = [
            int(n, 16) if n.lower().startswith("0x") else int(n)
            for n in re.findall(r"0x[0-9a-fA-F]+|\d+", match.group())
        ]
        if all(value < 256 for value in values):
            yield _line(text, match.start()), io.BytesIO(bytes(values)).getvalue()
