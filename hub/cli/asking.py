"""Plain HTTP questions to the enclave's parts and to Docker, over TCP and unix sockets, without libraries."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST_ANSWER = 16 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 0 means that nobody answered, and `text` says why."""

    status: int
    text: str
    # By lower-case name.
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body read as JSON; None when it is not."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a unix socket."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.socket_path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.socket_path))


def ask(
    where: Path | int,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    timeout: float = 3.0,
) -> Answer:
    """Ask a unix socket (a path) or a port on 127.0.0.1 (a number); never raises for a silent part."""
    connection = (
        UnixConnection(where, timeout=timeout)
        if isinstance(where, Path)
        else http.client.HTTPConnection("127.0.0.1", where, timeout=timeout)
    )
    sent = dict(headers or {})
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body=data, headers=sent)
        response = connection.getresponse()
        words = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.read(LARGEST_ANSWER).decode(errors="replace"), words)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, f"{type(error).__name__}: {error}")
    finally:
        connection.close()
