"""Answers on their way out: a client that does not read holds memory for a while, and no thread.

A page goes into its socket as far as that takes it; the rest is held and sent from one thread beside those
that work. What is longer than is held for one client waits for it, and few answers at a time may.
"""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import time
from threading import BoundedSemaphore, Lock
from typing import IO, Any

log = logging.getLogger("parlatory.portal")

# Held of one answer; an answer that is longer keeps its thread until the client has taken the rest.
HELD_BYTES = 1024**2
# Held of all of a process's answers, and for how many clients; beyond, who is slow the longest is cut.
ALL_BYTES, CLIENTS = 64 * 1024**2, 512
# So much is taken in so long, or the client is cut.
TAKE_SECONDS = 30.0
# After the last byte: until the client has closed, so that what it sent does not cut off what it reads.
CLOSE_SECONDS = 2.0
LOOK_SECONDS = 0.5
BLOCK_BYTES = 64 * 1024


class Outgoing:
    """The socket of one answer, for gunicorn to write to."""

    def __init__(self, plain: socket.socket, places: BoundedSemaphore) -> None:
        """Write to a plain socket; `places` are for answers that wait for their client."""
        self._plain = plain
        self._places = places
        self.held = bytearray()

    def __getattr__(self, name: str) -> Any:
        """Be the plain socket for everything else."""
        return getattr(self._plain, name)

    def sendall(self, data: bytes) -> None:
        """Send what the client takes now, and hold the rest."""
        self.held += data
        self._plain.settimeout(0)
        try:
            push(self._plain, self.held)
        finally:
            self._plain.settimeout(TAKE_SECONDS)
        if len(self.held) > HELD_BYTES:
            self._wait()

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        """Send a part of a file, held as other bytes are; the socket's own way waits for ever."""
        file.seek(offset)
        left = count
        while left is None or left > 0:
            block = file.read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
            if not block:
                return
            left = None if left is None else left - len(block)
            self.sendall(block)

    def _wait(self) -> None:
        if not self._places.acquire(blocking=False):
            self._cut("too_many_long_answers")
        try:
            self._plain.sendall(self.held)
        except TimeoutError:
            self._cut("too_slow")
        finally:
            self._places.release()
        self.held.clear()

    def _cut(self, reason: str) -> None:
        log.warning("slow_reader_cut reason=%s", reason)
        raise BrokenPipeError(errno.EPIPE, "the client reads too slowly")


class Taken:
    """Stands where a connection's socket was that somebody else sends to now."""

    def setblocking(self, _flag: bool) -> None:
        """Do nothing."""

    def shutdown(self, _how: int) -> None:
        """Say that there is nothing here to shut down."""
        raise OSError(errno.ENOTCONN, "taken")

    def close(self) -> None:
        """Do nothing."""


class _Client:
    def __init__(self, sock: socket.socket, held: bytearray, until: float) -> None:
        self.sock, self.held, self.until = sock, held, until
        self.closes = False


class Drain:
    """Sends what is held, and closes, from one thread for all clients; one that takes too long is cut."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._clients: list[_Client] = []
        self._new: list[_Client] = []
        self._lock = Lock()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def take(self, plain: socket.socket, held: bytearray) -> None:
        """Take over a socket, send what its client has not read yet, and close it."""
        if plain.fileno() < 0:
            return
        own = socket.socket(fileno=plain.detach())
        own.setblocking(False)
        with self._lock:
            self._new.append(_Client(own, held, time.monotonic() + TAKE_SECONDS))
        try:
            self._ring.send(b"!")
        except BlockingIOError:
            return

    def keep(self) -> None:
        """Send, for ever."""
        while True:
            self.step(LOOK_SECONDS)

    def close(self) -> None:
        """Cut everybody, and stop for good."""
        self._welcome()
        self._cut(list(self._clients))
        self._selector.close()
        self._bell.close()
        self._ring.close()

    def step(self, seconds: float) -> None:
        """Send once what clients take, waiting so long for one that takes something."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._bell.recv(4096)
            else:
                self._go_on(key.data)
        self._welcome()
        now = time.monotonic()
        self._cut([client for client in self._clients if client.until <= now])
        self._cut(self._too_many())

    def _welcome(self) -> None:
        with self._lock:
            new, self._new = self._new, []
        for client in new:
            self._clients.append(client)
            self._selector.register(client.sock, selectors.EVENT_WRITE, client)

    def _go_on(self, client: _Client) -> None:
        try:
            if client.closes:
                if not client.sock.recv(BLOCK_BYTES):
                    self._close(client)
                return
            push(client.sock, client.held)
            if not client.held:
                client.sock.shutdown(socket.SHUT_WR)
                client.closes, client.until = True, time.monotonic() + CLOSE_SECONDS
                self._selector.modify(client.sock, selectors.EVENT_READ, client)
        except BlockingIOError:
            return
        except OSError:
            self._close(client)

    def _too_many(self) -> list[_Client]:
        """Return the clients that have been slow the longest, as many as are too many."""
        over = len(self._clients) - CLIENTS
        bytes_over = sum(len(client.held) for client in self._clients) - ALL_BYTES
        found = []
        for client in self._clients:
            if over <= 0 and bytes_over <= 0:
                break
            found.append(client)
            over, bytes_over = over - 1, bytes_over - len(client.held)
        return found

    def _cut(self, clients: list[_Client]) -> None:
        slow = [client for client in clients if client.held]
        for client in clients:
            self._close(client)
        if slow:
            log.warning("slow_readers_cut count=%s", len(slow))

    def _close(self, client: _Client) -> None:
        self._selector.unregister(client.sock)
        self._clients.remove(client)
        client.sock.close()


def push(sock: socket.socket, held: bytearray) -> None:
    """Send from what is held as much as the client takes without waiting."""
    while held:
        try:
            sent = sock.send(held)
        except BlockingIOError:
            return
        del held[:sent]
