"""HTTP over the session's one socket; files go out as they are read, never held in memory."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from parlatory import places
from parlatory.errors import DoorClosed, Refused

CHUNK_BYTES = 64 * 1024
ANSWER_BYTES = 8 * 1024 * 1024
TIMEOUT_SECONDS = 120


class _UnixConnection(HTTPConnection):
    """An HTTP connection to a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("door", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Part:
    """One file of a hand-in: its name there, where it lies, its size when it was looked at."""

    name: str
    path: Path
    size_bytes: int


def get(path: str) -> Any:
    """Ask the door; return its answer."""
    return _exchange("GET", path, body=None, headers={})


def post_form(path: str, fields: Mapping[str, str], parts: Sequence[Part]) -> Any:
    """Send fields and files as one multipart form; return the door's answer."""
    boundary = f"parlatory-{secrets.token_hex(16)}"
    heads = [_field(boundary, name, value) for name, value in fields.items()]
    files = [(_file_head(boundary, part), part) for part in parts]
    tail = f"--{boundary}--\r\n".encode()
    length = sum(map(len, heads)) + sum(len(head) + part.size_bytes + 2 for head, part in files) + len(tail)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(length)}
    return _exchange("POST", path, body=_stream(heads, files, tail), headers=headers)


def _exchange(method: str, path: str, *, body: Iterator[bytes] | None, headers: dict[str, str]) -> Any:
    connection = _UnixConnection(places.door_socket())
    try:
        # A refusal may arrive before everything is sent; its sentence is worth more than the broken pipe.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body=body, headers={"Accept": "application/json", **headers})
        response = connection.getresponse()
        return _answer(response, response.read(ANSWER_BYTES))
    except (OSError, HTTPException) as error:
        raise DoorClosed(
            f"the enclave did not answer ({error or type(error).__name__}); look at `status()` in a minute, "
            "and tell your enclave's admin if this stays"
        ) from error
    finally:
        connection.close()


def _answer(response: HTTPResponse, content: bytes) -> Any:
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise DoorClosed(f"the enclave's answer ({response.status}) cannot be read") from error
    if response.status >= 400:
        reason = answer.get("error") if isinstance(answer, dict) else None
        raise Refused(str(reason or f"the enclave refused this and gave no reason ({response.status})"))
    return answer


def _stream(heads: list[bytes], files: list[tuple[bytes, Part]], tail: bytes) -> Iterator[bytes]:
    yield from heads
    for head, part in files:
        yield head
        yield from _content(part)
        yield b"\r\n"
    yield tail


def _content(part: Part) -> Iterator[bytes]:
    left = part.size_bytes
    with part.path.open("rb") as file:
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
        if left or os.fstat(file.fileno()).st_size != part.size_bytes:
            raise Refused(f"{part.name} changed while it was handed in; hand it in again when it is finished")


def _field(boundary: str, name: str, value: str) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def _file_head(boundary: str, part: Part) -> bytes:
    # Escaped as browsers do, so that a name can't end its header.
    name = part.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
