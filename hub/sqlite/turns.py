"""Whose turn it is to write: one writer after another, over threads and processes, each woken when it is.

SQLite asks again after ever longer pauses, up to a tenth of a second, and the lock lies free meanwhile. The
queue is no lock of the data's: who waits too long, or can't queue, goes on and has SQLite's own lock to pass.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue


class Turns:
    """The queue of a folder's writers: within the process a lock, between processes one on the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inside = threading.Lock()
        self._asked: SimpleQueue[_Asked] = SimpleQueue()
        self._helper: threading.Thread | None = None

    def take(self, seconds: float) -> Turn | None:
        """Wait for the turn at most so long; None where it did not come or can't be asked for."""
        until = time.monotonic() + seconds
        if not self._inside.acquire(timeout=seconds):
            return None
        try:
            held = self._between(until)
        except BaseException:
            self._inside.release()
            raise
        if held is None:
            self._inside.release()
            return None
        return Turn(self._inside, held)

    def _between(self, until: float) -> int | None:
        try:
            held = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._waited(held, until)
        except OSError:
            os.close(held)
            return None
        return held

    def _waited(self, held: int, until: float) -> int | None:
        """Have a thread wait for another process, which no timeout could end here."""
        if self._helper is None or not self._helper.is_alive():
            self._helper = threading.Thread(target=self._help, name="turns", daemon=True)
            self._helper.start()
        asked = _Asked(held)
        self._asked.put(asked)
        return held if asked.wait(until - time.monotonic()) else None

    def _help(self) -> None:
        while True:
            self._asked.get().answer()


class _Asked:
    """One writer's wait for another process: it comes in time, or is given up and closed."""

    def __init__(self, held: int) -> None:
        self._held = held
        self._lock = threading.Lock()
        self._came = threading.Event()
        self._given_up = False

    def wait(self, seconds: float) -> bool:
        """Return whether the turn came within so long."""
        if self._came.wait(max(seconds, 0)):
            return True
        with self._lock:
            self._given_up = not self._came.is_set()
        return not self._given_up

    def answer(self) -> None:
        """Wait until the other process is done."""
        # Who can't wait goes on without: SQLite's own lock is what keeps the data.
        with suppress(OSError):
            fcntl.flock(self._held, fcntl.LOCK_EX)
        with self._lock:
            if self._given_up:
                os.close(self._held)
            else:
                self._came.set()


class Turn:
    """A turn that was taken; it ends with the process at the latest."""

    def __init__(self, inside: threading.Lock, held: int) -> None:
        self._inside, self._held = inside, held

    def end(self) -> None:
        """Let the next writer go."""
        os.close(self._held)
        self._inside.release()
