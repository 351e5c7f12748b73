"""Numbers and words kept in JSON inside pages, plots and widgets: found, decoded, and handed on as parts."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np

from egress_review.screening.carriers import signatures
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Packed, Part, Text
from egress_review.screening.values import Json, nodes, tables_of

SMALLEST = 40  # characters; shorter pieces of a script hold no data
VALUES = 400_000
TYPES = {
    **{"f8": "<f8", "f4": "<f4", "i4": "<i4", "u4": "<u4", "i2": "<i2", "u2": "<u2", "i1": "i1", "u1": "u1"},
    **{"float64": "<f8", "float32": "<f4", "int32": "<i4", "uint32": "<u4", "int16": "<i2", "uint16": "<u2"},
    **{"int8": "i1", "uint8": "u1", "u1c": "u1"},
}
DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.-]+)*),([^\s\"'<>]{16,})")
BASE64 = re.compile(r"[\w+/\s-]*", re.ASCII)  # a bracket may close the address, as in a style
HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
OPENING = re.compile(r"[\[{]")


def values_in(script: str) -> list[Json]:
    """Return the lists and objects that are written as JSON inside a script, the outermost of each."""
    decoder = json.JSONDecoder()
    found: list[Json] = []
    at = tries = 0
    while (opening := OPENING.search(script, at)) and tries < 20_000:
        tries += 1
        try:
            value, end = decoder.raw_decode(script, opening.start())
        except (ValueError, RecursionError):
            at = opening.start() + 1
            continue
        if end - opening.start() >= SMALLEST:
            found.append(value)
        at = end
    return found


def parts_of(value: Json, limits: Limits, where: str) -> list[Part]:
    """Return the tables, runs of numbers, packed numbers and words that a value holds, at any depth."""
    parts: list[Part] = []
    words: dict[str, None] = {}
    for count, (path, node) in enumerate(nodes(value, "")):
        if count > VALUES:
            break
        place = f"{where}, {path[-80:]}" if path else where
        parts += tables_of(node, place, limits)
        parts += _numbers(node, place)
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        words.update(dict.fromkeys(leaf for leaf in inner if isinstance(leaf, str)))
    parts += files_in("\n".join(words), where)
    plain = "\n".join(word[:5_000] for word in words if not _is_packed(word))
    return [*parts, Text(plain, where)] if plain.strip() else parts


def _is_packed(word: str) -> bool:
    """Return whether a string is a file or packed numbers, which are looked at as what they are."""
    return len(word) > 64 and (
        word.startswith("data:") or re.fullmatch(r"[A-Za-z0-9+/=\s]+", word) is not None
    )


def _numbers(node: Json, place: str) -> Iterator[Part]:
    if isinstance(node, list):
        figures = [leaf for leaf in node if isinstance(leaf, int | float) and not isinstance(leaf, bool)]
        if len(figures) > 20 and 2 * len(figures) > len(node):
            yield Array(np.array([float(figure) for figure in figures]), place)
        rows = [row for row in node if isinstance(row, list) and row]
        if len(rows) > 4 and len({len(row) for row in rows}) == 1:
            flat = [leaf for row in rows for leaf in row]
            if all(isinstance(leaf, int | float) for leaf in flat):
                yield Array(np.array(flat, dtype=np.float64).reshape(len(rows), -1), place)
    elif isinstance(node, dict):
        yield from _packed(node, place)


def _packed(node: dict[str, Any], place: str) -> Iterator[Part]:
    """Yield numbers packed as base64, as plotly (bdata), bokeh (__ndarray__) and widgets write them."""
    packed = node.get("bdata") or node.get("__ndarray__") or node.get("data")
    if isinstance(node.get("array"), dict):
        packed = node["array"].get("data")
    dtype = TYPES.get(str(node.get("dtype", "")))
    if not isinstance(packed, str) or len(packed) < SMALLEST:
        return
    raw = _decoded(packed)
    if raw is None:
        return
    if signatures.content(raw) in KNOWN:
        yield Packed(raw, "", place)
    elif dtype:
        whole = raw[: len(raw) // np.dtype(dtype).itemsize * np.dtype(dtype).itemsize]
        yield Array(np.frombuffer(whole, dtype), place)


KNOWN = {name for _, _, name in signatures.SIGNATURES} | {"safetensors", "pickle"}


def files_in(content: str, where: str) -> Iterator[Packed]:
    """Yield the files that data: addresses in a text embed, where they are of a known kind."""
    for number, match in enumerate(DATA_URI.finditer(content), start=1):
        if number > 200:
            break
        plain = unquote_to_bytes(match.group(3))
        packed = BASE64.match(plain.decode("latin-1")) if "base64" in match.group(2) else None
        raw = _decoded(packed[0]) if packed else plain
        if raw is not None and signatures.content(raw) in KNOWN:
            yield Packed(raw, "", f"{where}, data address {number}" if where else f"data address {number}")


def bytes_in(value: str, where: str) -> Iterator[Part]:
    """Yield what a string of base64 or hexadecimal digits holds: a known file, or perhaps samples."""
    raw = _decoded(value) if len(value) >= SMALLEST else None
    if raw is not None and HEX.fullmatch(value):
        raw = bytes.fromhex(value)
    if raw is None:
        return
    if signatures.content(raw) in KNOWN:
        yield Packed(raw, "", where)
    elif len(raw) > 1:
        yield Array(np.frombuffer(raw[: len(raw) // 2 * 2], "<i2"), where, "raw")


def _decoded(packed: str) -> bytes | None:
    plain = re.sub(r"\s", "", packed).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
