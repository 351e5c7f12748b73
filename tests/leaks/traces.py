"""Says whether a hidden payload is still in what leaves, as its receiver would look for it."""

from __future__ import annotations

import binascii
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from PIL import Image, UnidentifiedImageError

from tests.leaks.registry import Submission

# What a receiver's reading of a copy may stumble over, where the payload is gone.
STUMBLES = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    struct.error,
    zlib.error,
    binascii.Error,
    zipfile.BadZipFile,
    UnidentifiedImageError,
    Image.DecompressionBombError,
)
SHORT = 24  # of a longer payload this many bytes in a row, from its beginning, are enough to know it again


def remains(submission: Submission, copies: Iterable[bytes]) -> bool:
    """Return whether a copy that leaves still holds the submission's payload, plainly or for its receiver."""
    wanted = _plain(submission.payload)[: max(SHORT, len(submission.payload) // 2)]
    for copy in copies:
        plainly = not submission.harmless_as_text
        if plainly and any(wanted in _plain(view) for view in _views(copy, 0)):
            return True
        if submission.extract is not None:
            try:
                if submission.payload in submission.extract(copy):
                    return True
            except STUMBLES:
                continue
    return False


def _plain(data: bytes) -> bytes:
    """Return bytes with every run of white space as one blank, as rebuilding may have changed it."""
    return re.sub(rb"\s+", b" ", data.strip())


def _views(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth > 2:
        return
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", data):
        unpacker = zlib.decompressobj(31 if data[match.start()] == 0x1F else 15)
        try:
            yield unpacker.decompress(data[match.start() :], 8 << 20)
        except zlib.error:
            continue
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as opened:
                yield opened.comment
                for entry in opened.infolist():
                    yield from (entry.filename.encode(), entry.comment, entry.extra)
                    yield from _views(opened.read(entry), depth + 1)
        except STUMBLES:
            return
    if data[:1] in (b"{", b"["):
        try:
            yield from (text.encode("utf-8", "replace") for text in _strings(json.loads(data)))
        except STUMBLES:
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
