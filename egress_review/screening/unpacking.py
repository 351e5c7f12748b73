"""Unpacks compressed and lightly veiled bytes, within a bound on what comes out."""

from __future__ import annotations

import bz2
import importlib
import importlib.util
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

LEAST = 6  # bytes that can be a compressed stream
# Weights, samples and text lie well below; what is encrypted or packed reaches 8 bits a byte.
RANDOM, LEAST_RANDOM, EVEN = 7.9, 256, 255 + 5 * 22.6
READABLE = 0.97  # of the characters of a text are no control characters
LZMA_MEMORY = 256 * 1024 * 1024
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
LETTERS = re.compile(rb"[A-Za-z ]")


def is_text(data: bytes) -> bool:
    """Return whether bytes read as written text: valid UTF-8 without control characters but blanks."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text) and CONTROL.search(text) is None


def as_text(data: bytes) -> str | None:
    """Return the text that bytes are in UTF-8 or UTF-16, None where they are none."""
    if is_text(data):
        return data.decode("utf-8")
    if len(data) >= 8 and len(data) % 2 == 0 and data.count(0) >= len(data) // 3:
        for encoding in ("utf-16-le", "utf-16-be"):
            try:
                text = data.decode(encoding).lstrip("\ufeff")
            except UnicodeDecodeError:
                continue
            if is_text(text.encode()):
                return text
    return None


def unpack(data: bytes, most: int) -> bytes | None:
    """Return what a compressed stream holds, at most `most` bytes of it; None where it is none."""
    if len(data) < LEAST:
        return None
    for begins, opener in OPENERS:
        if data.startswith(begins):
            try:
                return opener(data, most) or None
            except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError, RuntimeError, MemoryError):
                return None
    return None


def raw(data: bytes, most: int) -> bytes | None:
    """Return what a deflate stream without a header holds, None where it is none or tells nothing."""
    try:
        found = zlib.decompressobj(-15).decompress(data, most)
    except zlib.error:
        return None
    return found if len(found) >= max(16, len(data) // 2) and as_text(found) is not None else None


def _zlib(data: bytes, most: int) -> bytes:
    # Window sizes from 47 on find out themselves whether it is gzip or zlib.
    return zlib.decompressobj(47).decompress(data, most)


def _bzip2(data: bytes, most: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, most)


def _lzma(data: bytes, most: int) -> bytes:
    return lzma.LZMADecompressor(memlimit=LZMA_MEMORY).decompress(data, most)


def _zstd(data: bytes, most: int) -> bytes:
    zstandard = _module("zstandard")
    if zstandard is None:
        return b""
    try:
        return bytes(zstandard.ZstdDecompressor().stream_reader(data).read(most))
    except zstandard.ZstdError as error:
        raise ValueError("no Zstandard stream") from error


def _lz4(data: bytes, most: int) -> bytes:
    frame = _module("lz4.frame")
    return b"" if frame is None else bytes(frame.LZ4FrameDecompressor().decompress(data, max_length=most))


def lzw(codes: Sequence[int], most: int) -> bytes | None:
    """Return what the codes of a dictionary that grows by a word a code spell; None where they are none.

    The bytes are its first words; some leave out two codes behind them, for a new beginning and the end.
    Source: Welch, A technique for high-performance data compression, 1984.
    """
    if len(codes) < LEAST or not any(256 <= code < 256 + len(codes) for code in codes):
        return None
    return _lzw(codes, most, 256) or _lzw([code for code in codes if code not in (256, 257)], most, 258)


def _lzw(codes: Sequence[int], most: int, free: int) -> bytes | None:
    # The first word of a pair that is not yet complete is never asked for: what is, is no code.
    words: dict[int, bytes] = {byte: bytes([byte]) for byte in range(256)}
    out, last = bytearray(), b""
    for code in codes:
        word = words.get(code) or (last + last[:1] if last and code == free else None)
        if word is None or len(out) > most:
            return None if word is None else bytes(out)
        if last:
            words[free] = last + word[:1]
            free += 1
        out += word
        last = word
    return bytes(out)


def _module(name: str) -> Any | None:
    """Return a decompressor's module where it is installed: without it, what it reads is blocked."""
    if importlib.util.find_spec(name.split(".", maxsplit=1)[0]) is None:
        return None
    return importlib.import_module(name)


OPENERS: tuple[tuple[bytes, Callable[[bytes, int], bytes]], ...] = (
    (b"\x1f\x8b", _zlib),
    (b"\x78\x01", _zlib),
    (b"\x78\x5e", _zlib),
    (b"\x78\x9c", _zlib),
    (b"\x78\xda", _zlib),
    (b"BZh", _bzip2),
    (b"\xfd7zXZ\x00", _lzma),
    (b"]\x00\x00", _lzma),
    (b"\x28\xb5\x2f\xfd", _zstd),
    (b"\x04\x22\x4d\x18", _lz4),
)


def unveiled(data: bytes) -> Iterator[bytes]:
    """Yield bytes reversed, and under each one-byte XOR that makes a text or a compressed stream of them."""
    if len(data) < 16:
        return
    yield data[::-1]
    head = np.frombuffer(data[:256], dtype=np.uint8)
    keys = np.arange(1, 256, dtype=np.uint8)
    plain = head[None, :] ^ keys[:, None]
    written = ((plain >= 32) & (plain < 127)) | np.isin(plain, [9, 10, 13])
    letters = ((plain | 32) >= 97) & ((plain | 32) <= 122) | (plain == 32)
    likely = keys[(written.mean(axis=1) >= READABLE) & (letters.mean(axis=1) >= 0.55)].tolist()
    for begins, _ in OPENERS:
        key = data[0] ^ begins[0]
        if key and all(a ^ key == b for a, b in zip(data, begins, strict=False)):
            likely.append(key)
    for key in likely[:8]:
        yield bytes(np.frombuffer(data, dtype=np.uint8) ^ np.uint8(key))


def is_random(data: bytes) -> bool:
    """Return whether bytes are as even as chance makes them, as what is encrypted or packed is."""
    return len(data) >= LEAST_RANDOM and (_entropy(data) > RANDOM or _is_even(data))


def _entropy(data: bytes) -> float:
    """Return the entropy of bytes in bits a byte; source: Miller and Madow's correction."""
    counts = np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256)
    shares = counts[counts > 0] / len(data)
    return float(-(shares * np.log2(shares)).sum() + (len(shares) - 1) / (2 * len(data) * np.log(2)))


def _is_even(data: bytes) -> bool:
    """Return whether every byte is about as frequent as each other: of a short file, entropy can't tell.

    Source: Pearson's chi-squared test with 255 degrees of freedom, five deviations above its mean.
    """
    counts = np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256)
    usual = len(data) / 256
    return float(((counts - usual) ** 2).sum() / usual) < EVEN
