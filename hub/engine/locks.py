"""One thing at a time for each session and for each home."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

STRIPES = 64


class Locks:
    """A fixed number of locks, shared out by name; always taken session first, home second."""

    def __init__(self) -> None:
        self._sessions = [threading.Lock() for _ in range(STRIPES)]
        self._homes = [threading.Lock() for _ in range(STRIPES)]

    @contextmanager
    def held(self, session: str, workspace: str | None = None) -> Iterator[None]:
        """Hold a session, and its home when the workspace is named."""
        with self._sessions[hash(session) % STRIPES]:
            if workspace is None:
                yield
            else:
                with self.home(workspace):
                    yield

    @contextmanager
    def session_if_free(self, session: str) -> Iterator[bool]:
        """Hold a session unless somebody does; say whether it is held now."""
        with _if_free(self._sessions[hash(session) % STRIPES]) as free:
            yield free

    @contextmanager
    def home_if_free(self, workspace: str) -> Iterator[bool]:
        """Hold a workspace's home unless somebody does; say whether it is held now."""
        with _if_free(self._homes[hash(workspace) % STRIPES]) as free:
            yield free

    @contextmanager
    def home(self, workspace: str) -> Iterator[None]:
        """Hold a workspace's home."""
        with self._homes[hash(workspace) % STRIPES]:
            yield


@contextmanager
def _if_free(lock: threading.Lock) -> Iterator[bool]:
    free = lock.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            lock.release()
