"""The allow-list: which request may reach a session, how large it and its answer may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

KIB = 1024
MIB = 1024 * KIB
LONGEST_PATH = 2048


class BadPath(Exception):
    """The path is written in a way that two readers could read differently."""


class BadQuery(Exception):
    """The query asks for something the gate never lets through."""


class Shape(StrEnum):
    """What the answer's JSON must look like."""

    NOTHING = "nothing"
    ANY = "any"
    CONTENTS = "contents"
    CHECKPOINTS = "checkpoints"
    KERNELSPECS = "kernelspecs"
    KERNELS = "kernels"
    SESSIONS = "sessions"


@dataclass(frozen=True)
class Route:
    """One kind of request that may reach a session."""

    method: str
    pattern: str
    request_bytes: int
    response_bytes: int
    shape: Shape
    query: tuple[str, ...] = ()
    saves: bool = False
    seconds: int = 30

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is of this kind."""
        return method == self.method and re.fullmatch(self.pattern, path) is not None


_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FILE = r"api/contents/.+"
_FOLDER = r"api/contents(?:/.+)?"
_CONTENTS_QUERY = ("type", "format", "content", "hash")

ROUTES = (
    Route("GET", r"api/kernelspecs", 0, MIB, Shape.KERNELSPECS),
    Route("GET", r"api/kernels", 0, 256 * KIB, Shape.KERNELS),
    Route("GET", rf"api/kernels/{_UUID}", 0, 16 * KIB, Shape.KERNELS),
    Route("DELETE", rf"api/kernels/{_UUID}", 0, 0, Shape.NOTHING),
    Route("POST", rf"api/kernels/{_UUID}/interrupt", KIB, 0, Shape.NOTHING),
    Route("POST", rf"api/kernels/{_UUID}/restart", KIB, 16 * KIB, Shape.KERNELS, seconds=120),
    Route("GET", r"api/sessions", 0, 256 * KIB, Shape.SESSIONS),
    Route("POST", r"api/sessions", 16 * KIB, 16 * KIB, Shape.SESSIONS, seconds=120),
    Route("GET", rf"api/sessions/{_UUID}", 0, 16 * KIB, Shape.SESSIONS),
    Route("PATCH", rf"api/sessions/{_UUID}", 16 * KIB, 16 * KIB, Shape.SESSIONS, seconds=120),
    Route("DELETE", rf"api/sessions/{_UUID}", 0, 0, Shape.NOTHING),
    Route("GET", rf"{_FILE}/checkpoints", 0, 16 * KIB, Shape.CHECKPOINTS),
    Route("POST", rf"{_FILE}/checkpoints", KIB, 16 * KIB, Shape.CHECKPOINTS),
    Route("POST", rf"{_FILE}/checkpoints/[^/]+", KIB, 0, Shape.NOTHING),
    Route("DELETE", rf"{_FILE}/checkpoints/[^/]+", 0, 0, Shape.NOTHING),
    Route("GET", _FOLDER, 0, 16 * MIB, Shape.CONTENTS, query=_CONTENTS_QUERY),
    Route("PUT", _FILE, 16 * MIB, 64 * KIB, Shape.CONTENTS, saves=True),
    Route("POST", _FOLDER, 16 * KIB, 64 * KIB, Shape.CONTENTS),
    Route("PATCH", _FILE, 16 * KIB, 64 * KIB, Shape.CONTENTS),
    Route("DELETE", _FILE, 0, 0, Shape.NOTHING),
    Route("GET", r"lab/api/settings", 0, 4 * MIB, Shape.ANY, query=("ids_only",)),
    Route("GET", r"lab/api/settings/.+", 0, MIB, Shape.ANY),
    Route("PUT", r"lab/api/settings/.+", 256 * KIB, 0, Shape.NOTHING),
    Route("GET", r"lab/api/workspaces", 0, MIB, Shape.ANY),
    Route("GET", r"lab/api/workspaces/.+", 0, 256 * KIB, Shape.ANY),
    Route("PUT", r"lab/api/workspaces/.+", 256 * KIB, 0, Shape.NOTHING),
    Route("DELETE", r"lab/api/workspaces/.+", 0, 0, Shape.NOTHING),
)


def find(method: str, path: str) -> Route | None:
    """Return the first kind of request that fits, or None: what is not listed does not pass."""
    return next((route for route in ROUTES if route.matches(method, path)), None)


def segments(raw: str) -> tuple[str, ...]:
    """Split a raw path into decoded segments; anything ambiguous is refused, never repaired."""
    if len(raw) > LONGEST_PATH or not raw.startswith("/"):
        raise BadPath("this address is too long or does not start at the root")
    parts = raw[1:].split("/")
    if parts and parts[-1] == "":
        parts.pop()
    return tuple(_segment(part) for part in parts)


def _segment(part: str) -> str:
    try:
        text = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadPath("this address is not written in UTF-8") from error
    if text in ("", ".", ".."):
        raise BadPath("this address has an empty or a dotted part")
    if any(char in "/\\" or ord(char) < 32 or ord(char) == 127 for char in text):
        raise BadPath("this address hides a separator or a control character")
    return text


def inward(parts: tuple[str, ...]) -> str:
    """Write decoded segments as the one path that the session's server is asked for."""
    return "/".join(quote(part, safe="") for part in parts)


_QUERY_VALUES = {
    "type": {"directory", "file", "notebook"},
    "format": {"text", "json"},
    "content": {"0", "1"},
    "hash": {"0", "1"},
    "ids_only": {"true", "false"},
}


def query(route: Route, raw: str) -> str:
    """Return the query with the listed names only; base64 is refused by name."""
    kept: list[tuple[str, str]] = []
    try:
        asked = parse_qsl(raw, keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise BadQuery("This address asks for more than twenty things.") from error
    for name, value in asked:
        if name not in route.query:
            continue
        if name == "format" and value == "base64":
            raise BadQuery("Files that are not text cannot be opened in the browser; hand them in instead.")
        if value not in _QUERY_VALUES[name]:
            raise BadQuery(f"The value of {name} is not one the gate lets through.")
        kept.append((name, value))
    return urlencode(kept)
