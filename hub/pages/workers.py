"""The portal's worker: a slow sender or reader holds one of its few threads for a bounded time only.

gunicorn's threads wait for a request's bytes for as long as they come, one by one, and for as long as the
client takes to read an answer; its one thread that accepts waits for whoever does not close. Sixteen such
clients would stop the portal. The enclave's own processes come by the unix socket and have threads of their
own, so that no browser stands between a session and its lease.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # gunicorn carries no types

from hub.pages.outgoing import Drain, Outgoing, Taken

log = logging.getLogger("parlatory.portal")

# From the first byte of a request to the end of its headers.
HEAD_SECONDS = 10.0
# A body takes so long, and longer by its length: whoever sends less than this a second is cut off.
BODY_SECONDS, BODY_BYTES_PER_SECOND = 10.0, 32 * 1024
# A body up to here is read before a view is asked for anything; a longer one while the view works on it.
READ_FIRST_BYTES = 4 * 1024**2
WORK_SECONDS = 120.0
# One wait for a piece of a body.
STEP_SECONDS = 30.0
# How many of a process's threads may wait for the readers of long answers; the others are there for pages.
LONG_ANSWERS = 4
INSIDE_THREADS = 4
LOOK_SECONDS = 0.5
# gunicorn ends altogether at 3 and 4 only.
LEFT_STATUS = 1


class Deadlines:
    """Cuts connections whose time is over, from a thread beside those that wait for them."""

    def __init__(self) -> None:
        self._at: dict[Any, float] = {}
        self._lock = Lock()
        self._stop = Event()

    def set(self, connection: Any, seconds: float) -> None:
        """Let a connection end so many seconds from now unless it is done before."""
        with self._lock:
            self._at[connection] = time.monotonic() + seconds

    def clear(self, connection: Any) -> None:
        """Forget a connection: what it does now is bounded step by step, or it is done."""
        with self._lock:
            self._at.pop(connection, None)

    def keep(self) -> None:
        """Cut what is past its time, for ever."""
        while not self._stop.wait(LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                over = [one for one, at in self._at.items() if at <= now]
                for one in over:
                    del self._at[one]
                    # The thread that waits for it reads an end, or fails to write.
                    with contextlib.suppress(OSError):
                        one.sock.shutdown(socket.SHUT_RDWR)
            if over:
                log.warning("slow_clients_cut count=%s", len(over))


class Bounded(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's threads, with an end to each request."""

    def init_process(self) -> None:
        """Start watching, in the process that serves."""
        self.deadlines = Deadlines()
        self.drain = Drain()
        self.long_answers = BoundedSemaphore(LONG_ANSWERS)
        self.inside = ThreadPoolExecutor(INSIDE_THREADS, thread_name_prefix="inside")
        for keep in (self.deadlines.keep, self.drain.keep):
            Thread(target=or_leave, args=(keep,), name=keep.__qualname__, daemon=True).start()
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread: those of the unix socket to threads that no browser gets."""
        # A unix socket's own name is a path, a TCP socket's an address and a port.
        pool = self.inside if isinstance(conn.server, str) else self.tpool
        done = pool.submit(self.handle, conn)
        done.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def handle(self, conn: Any) -> Any:
        """Serve a connection's next request, whose headers have little time to arrive."""
        conn.left = bytearray()
        self.deadlines.set(conn, HEAD_SECONDS)
        try:
            goes_on = super().handle(conn)
        finally:
            self.deadlines.clear(conn)
        if goes_on is False:
            self.drain.take(conn.sock, conn.left)
            conn.sock = Taken()
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request: its body has a time by its length, and what is not read waits elsewhere."""
        length = body_bytes(req.headers)
        until_read = BODY_SECONDS + length / BODY_BYTES_PER_SECOND
        conn.sock.settimeout(STEP_SECONDS)
        if length > READ_FIRST_BYTES:
            self.deadlines.set(conn, until_read + WORK_SECONDS)
        else:
            self.deadlines.set(conn, until_read)
            req.body = BytesIO(req.body.read(READ_FIRST_BYTES + 1))
            self.deadlines.clear(conn)
        return self._answer(req, conn)

    def _answer(self, req: Any, conn: Any) -> Any:
        plain = conn.sock
        conn.sock = outgoing = Outgoing(plain, self.long_answers)
        try:
            goes_on = super().handle_request(req, conn)
        finally:
            conn.sock = plain
        conn.left = outgoing.held
        return goes_on and not outgoing.held


def or_leave(keep: Callable[[], None]) -> None:
    """Watch while the process serves; an end that nobody foresaw ends it too, and gunicorn starts another.

    Unwatched, sixteen slow clients would stop the portal, and answers that are held would never be sent.
    """
    try:
        keep()
    except Exception:  # whatever it was: the log has it, and the process ends
        log.critical("watch_ended watch=%s", keep.__qualname__, exc_info=True)
    os._exit(LEFT_STATUS)


def body_bytes(headers: list[tuple[str, str]]) -> int:
    """Return how long a request says its body is; one that does not say counts as a long one."""
    said = {name.upper(): value for name, value in headers}
    if "TRANSFER-ENCODING" in said:
        return READ_FIRST_BYTES + 1
    length = said.get("CONTENT-LENGTH", "0")
    return int(length) if length.isdecimal() else 0
