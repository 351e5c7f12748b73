"""Encodings of text and bytes as text: what a receiver would decode with one line of code."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import html
import lzma
import string
import urllib.parse
import zlib
from collections.abc import Callable

import pyarrow

ALPHABET58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ZERO, ONE = "\u200b", "\u200c"


def _64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def base58(data: bytes) -> str:
    """Return bytes in the alphabet of Bitcoin's addresses, 64 bytes at a time, a word each."""
    pieces = []
    for start in range(0, len(data), 64):
        number, out = int.from_bytes(data[start : start + 64], "big"), ""
        while number:
            number, digit = divmod(number, 58)
            out = ALPHABET58[digit] + out
        pieces.append(out)
    return "\n".join(pieces)


def shifted(text: str, places: int) -> str:
    """Return a text in Caesar's cipher."""
    for letters in (string.ascii_lowercase, string.ascii_uppercase):
        text = text.translate(str.maketrans(letters, letters[places:] + letters[:places]))
    return text


def mirrored(text: str) -> str:
    """Return a text with a for z, b for y and so on."""
    for letters in (string.ascii_lowercase, string.ascii_uppercase):
        text = text.translate(str.maketrans(letters, letters[::-1]))
    return text


def wrapped(text: str, width: int = 76) -> str:
    """Return a long run in lines."""
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


def invisible(data: bytes) -> str:
    """Return bytes as zero-width characters, one a bit."""
    return "".join(ONE if byte >> bit & 1 else ZERO for byte in data for bit in range(7, -1, -1))


def seen(text: str, zero: str = ZERO, one: str = ONE) -> bytes:
    """Return the bytes that two invisible characters of a text spell."""
    bits = [character == one for character in text if character in (zero, one)]
    return bytes(
        sum(bit << (7 - n) for n, bit in enumerate(bits[start : start + 8]))
        for start in range(0, len(bits) - 7, 8)
    )


ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: _64(text.encode()),
    "base64-wrapped": lambda text: wrapped(_64(text.encode())),
    "gzip-base64": lambda text: _64(gzip.compress(text.encode())),
    "zlib-base64": lambda text: _64(zlib.compress(text.encode())),
    "hex": lambda text: text.encode().hex(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "ascii85": lambda text: base64.a85encode(text.encode()).decode(),
    "base58": lambda text: base58(text.encode()),
    "lzma-base64": lambda text: _64(lzma.compress(text.encode())),
    "bz2-base32": lambda text: base64.b32encode(bz2.compress(text.encode())).decode(),
    "zstd-base64": lambda text: _64(pyarrow.compress(text.encode(), codec="zstd", asbytes=True)),
    "raw-deflate-base64": lambda text: _64(zlib.compress(text.encode(), wbits=-15)),
    "base64-url-twice": lambda text: base64.urlsafe_b64encode(
        base64.urlsafe_b64encode(text.encode())
    ).decode(),
    "hex-of-gzip": lambda text: gzip.compress(text.encode()).hex().upper(),
    "base85-of-zlib-of-base64": lambda text: base64.b85encode(
        zlib.compress(_64(text.encode()).encode())
    ).decode(),
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "entities": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "escapes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "unicode-escapes": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "uuencode": lambda text: "".join(
        binascii.b2a_uu(text.encode()[start : start + 45]).decode()
        for start in range(0, len(text.encode()), 45)
    ),
    "quoted-printable": lambda text: codecs.encode(text.encode(), "quopri").decode(),
    "decimals": lambda text: " ".join(str(byte) for byte in text.encode()),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "octal": lambda text: " ".join(f"{byte:03o}" for byte in text.encode()),
    "reversed": lambda text: text[::-1],
    "caesar": lambda text: shifted(text, 5),
    "atbash": mirrored,
    "full-width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "homoglyphs": lambda text: text.translate(
        str.maketrans("aeopcxyi", "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456")
    ),
    "spaced": lambda text: " ".join(text),
    "dotted": lambda text: ".".join(text),
    "utf-7": lambda text: text.encode("utf-16-be").hex(" ", 2),
    "tags": lambda text: html.escape("".join(f"<b>{character}</b>" for character in text)),
    "quoted-url": lambda text: urllib.parse.quote(text, safe=""),
}
TUNING = ("base64", "gzip-base64", "hex", "rot13")
TESTING = tuple(name for name in ENCODINGS if name not in TUNING)
