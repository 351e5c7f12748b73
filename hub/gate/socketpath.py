"""Opening a session's socket without trusting a single name the session wrote."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tornado.iostream import IOStream
from tornado.netutil import Resolver
from tornado.tcpclient import TCPClient

SOCKET_NAME = "jupyter.sock"


class SocketRefused(Exception):
    """The session's socket is absent or is not what a session may offer."""


@contextmanager
def opened(folder: Path) -> Iterator[str]:
    """Yield a path that reaches exactly the socket checked here, whatever its name points to later."""
    holder = _open(folder, None, os.O_DIRECTORY)
    try:
        owner = os.fstat(holder).st_uid
        if owner in (0, os.geteuid()):
            raise SocketRefused("the session's folder does not belong to a session")
        handle = _open(Path(SOCKET_NAME), holder, 0)
        try:
            facts = os.fstat(handle)
            if not stat.S_ISSOCK(facts.st_mode):
                raise SocketRefused("the session offers something that is not a socket")
            if facts.st_uid != owner:
                raise SocketRefused("the session offers a socket that is not its own")
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    finally:
        os.close(holder)


def _open(path: Path, holder: int | None, extra: int) -> int:
    try:
        return os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC | extra, dir_fd=holder)
    except OSError as error:
        raise SocketRefused(f"the session's server does not answer: {error.strerror}") from error


class Connections(TCPClient):
    """Connections to a session that all end with their client, however its server and its answer behave."""

    def __init__(self, resolver: Resolver) -> None:
        """Remember nothing yet."""
        super().__init__(resolver=resolver)
        self._streams: list[IOStream] = []

    def _create_stream(self, *arguments: Any, **named: Any) -> tuple[IOStream, Any]:
        stream, connected = super()._create_stream(*arguments, **named)
        self._streams.append(stream)
        return stream, connected

    def close(self) -> None:
        """Close every connection that was begun."""
        for stream in self._streams:
            stream.close()
        super().close()


class OneSocket(Resolver):
    """A resolver that knows one address: the checked socket."""

    def initialize(self, path: str) -> None:
        """Keep the checked path."""
        self._path = path

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        """Answer every name with the checked socket."""
        return [(socket.AF_UNIX, self._path)]

    def close(self) -> None:
        """Keep nothing open: the checked path belongs to the caller."""
