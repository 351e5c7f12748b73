"""Kernel messages: the frame is parsed, the content rebuilt from allow-lists, and written anew."""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.gate import outputs

PROTOCOL = "v1.kernel.websocket.jupyter.org"
LARGEST_BYTES = 16 * 1024 * 1024
MOST_OFFSETS = 64
NAME_CHARACTERS = 256
CHANNELS_IN = {"shell", "control", "stdin"}
CHANNELS_OUT = {"shell", "control", "stdin", "iopub"}
# Made once: `json.loads` and `json.dumps` make one anew for each part where they are told anything.
_READER = json.JSONDecoder(parse_constant=lambda _: None)
_WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_NOTHING = b"{}"


class Unreadable(Exception):
    """A frame does not follow the protocol."""


@dataclass(frozen=True)
class Message:
    """One kernel message, without its buffers: none ever passes."""

    channel: str
    header: dict[str, Any]
    parent: dict[str, Any]
    content: dict[str, Any]

    @property
    def kind(self) -> str:
        """The message's type."""
        return str(self.header.get("msg_type", ""))


def parse(frame: bytes) -> Message:
    """Read one binary frame of the v1 protocol; anything odd is unreadable."""
    if len(frame) > LARGEST_BYTES or len(frame) < 16:
        raise Unreadable("the frame is too large or too small")
    count = int.from_bytes(frame[:8], "little")
    if not 6 <= count <= MOST_OFFSETS or len(frame) < 8 * (count + 1):
        raise Unreadable("the frame has an impossible number of parts")
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    if offsets[0] != 8 * (count + 1) or offsets[-1] > len(frame) or list(offsets) != sorted(offsets):
        raise Unreadable("the parts of the frame overlap or lie outside it")
    parts = [frame[start:end] for start, end in itertools.pairwise(offsets)]
    try:
        channel = parts[0].decode("utf-8")
        header, parent, _metadata, content = (_object(part) for part in parts[1:5])
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable("a part of the frame is not JSON") from error
    return Message(channel, header, parent, content)


def _object(part: bytes) -> dict[str, Any]:
    if part == _NOTHING:
        return {}
    document = _READER.decode(part.decode("utf-8", "surrogatepass"))
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document


def write(message: Message) -> bytes:
    """Write a message as one frame: no metadata, no buffers."""
    parts = [message.channel.encode()]
    parts += [_dump(part) for part in (message.header, message.parent, {}, message.content)]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def _dump(part: Mapping[str, Any]) -> bytes:
    if not part:
        return _NOTHING
    return _WRITER.encode(part).encode("utf-8", "replace")


def inward(message: Message) -> Message | None:
    """Return what may reach the kernel, or None: comms, debug and unknown messages stay out."""
    keys = _INWARD.get(message.kind)
    if keys is None or message.channel not in CHANNELS_IN:
        return None
    content = {key: message.content[key] for key in keys if key in message.content}
    return Message(message.channel, _header(message.header), _header(message.parent), content)


def outward(message: Message) -> Message | None:
    """Return what may be shown of a kernel's message, or None: unknown types are dropped whole."""
    rebuild = _OUTWARD.get(message.kind)
    if rebuild is None or message.channel not in CHANNELS_OUT:
        return None
    return Message(
        message.channel, _header(message.header), _header(message.parent), rebuild(message.content)
    )


def sentence(words: str, parent: Mapping[str, Any], *, session: str) -> bytes:
    """Write the gate's own words as an error stream of the cell that `parent` ran."""
    header = {"msg_id": f"gate-{session}", "msg_type": "stream", "username": "gate", "session": "gate"}
    header |= {"date": "1970-01-01T00:00:00Z", "version": "5.3"}
    return write(Message("iopub", header, dict(parent), {"name": "stderr", "text": f"{words}\n"}))


_HEADER = ("msg_id", "msg_type", "username", "session", "date", "version")
Content = Mapping[str, Any]


def _header(header: Content) -> dict[str, Any]:
    return {key: value[:NAME_CHARACTERS] for key in _HEADER if isinstance(value := header.get(key), str)}


def _only(*keys: str) -> Callable[[Content], dict[str, Any]]:
    """Keep the named keys where they hold a plain value; a text is cut to its limit."""

    def keep(content: Content) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key in keys:
            value = content.get(key)
            if isinstance(value, str):
                kept[key] = outputs.text(value)
            elif isinstance(value, bool | int | float) or (value is None and key in content):
                kept[key] = value
        return kept

    return keep


def _texts(value: object, *, most: int = 10_000) -> list[str]:
    if not isinstance(value, list):
        return []
    return [outputs.text(one, 16 * 1024) for one in value[:most] if isinstance(one, str)]


def _display(content: Content) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "data": outputs.bundle(content.get("data")),
        "metadata": outputs.bundle_metadata(content.get("metadata")),
    }
    transient = content.get("transient")
    if isinstance(transient, Mapping) and isinstance(transient.get("display_id"), str):
        kept["transient"] = {"display_id": transient["display_id"][:NAME_CHARACTERS]}
    else:
        kept["transient"] = {}
    return kept | _only("execution_count")(content)


def _failure(content: Content) -> dict[str, Any]:
    return _only("status", "ename", "evalue")(content) | {
        "traceback": _texts(content.get("traceback"), most=500)
    }


def _execute_reply(content: Content) -> dict[str, Any]:
    kept = _only("status", "execution_count")(content)
    if content.get("status") != "ok":
        return kept | _failure(content)
    pages = content.get("payload")
    kept["payload"] = [
        shown
        for page in (pages if isinstance(pages, list) else [])[:10]
        if (shown := _payload(page)) is not None
    ]
    kept["user_expressions"] = {}
    return kept


def _payload(page: object) -> dict[str, Any] | None:
    if not isinstance(page, Mapping):
        return None
    if page.get("source") == "page":
        return {"source": "page", "start": 0, "data": outputs.bundle(page.get("data"))}
    if page.get("source") == "set_next_input":
        return {"source": "set_next_input", "text": outputs.text(page.get("text")), "replace": False}
    return None


def _complete_reply(content: Content) -> dict[str, Any]:
    kept = _only("status", "cursor_start", "cursor_end", "ename", "evalue")(content)
    return kept | {"matches": _texts(content.get("matches")), "metadata": {}}


def _inspect_reply(content: Content) -> dict[str, Any]:
    kept = _only("status", "found", "ename", "evalue")(content)
    return kept | {"data": outputs.bundle(content.get("data")), "metadata": {}}


def _history_reply(content: Content) -> dict[str, Any]:
    lines = content.get("history")
    kept = [
        [_number(line[0]), _number(line[1]), outputs.text(line[2], 16 * 1024)]
        for line in (lines if isinstance(lines, list) else [])[:1000]
        if isinstance(line, list) and len(line) == 3
    ]
    return _only("status")(content) | {"history": kept}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _kernel_info_reply(content: Content) -> dict[str, Any]:
    kept = _only("status", "protocol_version", "implementation", "implementation_version", "banner")(content)
    language = content.get("language_info")
    info: dict[str, Any] = {}
    if isinstance(language, Mapping):
        info = _only("name", "version", "mimetype", "file_extension", "pygments_lexer", "nbconvert_exporter")(
            language
        )
        mode = language.get("codemirror_mode")
        if isinstance(mode, str):
            info["codemirror_mode"] = mode[:NAME_CHARACTERS]
        elif isinstance(mode, Mapping):
            info["codemirror_mode"] = _only("name", "version")(mode)
    return kept | {"language_info": info, "help_links": [], "debugger": False}


_INWARD: dict[str, tuple[str, ...]] = {
    "execute_request": (
        "code",
        "silent",
        "store_history",
        "user_expressions",
        "allow_stdin",
        "stop_on_error",
    ),
    "complete_request": ("code", "cursor_pos"),
    "inspect_request": ("code", "cursor_pos", "detail_level"),
    "is_complete_request": ("code",),
    "history_request": (
        "output",
        "raw",
        "hist_access_type",
        "session",
        "start",
        "stop",
        "n",
        "pattern",
        "unique",
    ),
    "kernel_info_request": (),
    "interrupt_request": (),
    "shutdown_request": ("restart",),
    "input_reply": ("value", "status"),
}

_OUTWARD: dict[str, Callable[[Content], dict[str, Any]]] = {
    "status": _only("execution_state"),
    "stream": _only("name", "text"),
    "display_data": _display,
    "update_display_data": _display,
    "execute_result": _display,
    "execute_input": _only("code", "execution_count"),
    "error": _failure,
    "clear_output": _only("wait"),
    "execute_reply": _execute_reply,
    "complete_reply": _complete_reply,
    "inspect_reply": _inspect_reply,
    "is_complete_reply": _only("status", "indent"),
    "history_reply": _history_reply,
    "kernel_info_reply": _kernel_info_reply,
    "interrupt_reply": _only("status", "ename", "evalue"),
    "shutdown_reply": _only("status", "restart"),
    "input_request": _only("prompt", "password"),
}
