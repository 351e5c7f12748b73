"""Whether an error says that disk or memory is full: what was asked was right, and nothing was changed."""

from __future__ import annotations

import errno
from collections.abc import Iterator

FULL = (
    "The enclave’s disk is full, so nothing was changed; what is there can still be read. "
    "Try again later, and tell an admin."
)
SHORT = (
    "The enclave is short of memory, so nothing was changed; what is there can still be read. "
    "Try again in a minute, and tell an admin."
)
# Python says it in words where a thread's stack finds no room.
NO_THREAD = "can't start new thread"
# SQLite says it in words; PostgreSQL's class 53, number 100.
SQLITE, POSTGRESQL = "database or disk is full", "53100"


def lacks(error: BaseException) -> bool:
    """Return whether an error, or what it came from, is a disk without room."""
    return any(
        (isinstance(one, OSError) and one.errno in (errno.ENOSPC, errno.EDQUOT))
        or SQLITE in str(one)
        or getattr(one, "sqlstate", None) == POSTGRESQL
        for one in _causes(error)
    )


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error, or what it came from, is memory without room."""
    return any(
        isinstance(one, MemoryError)
        or (isinstance(one, OSError) and one.errno == errno.ENOMEM)
        or (isinstance(one, RuntimeError) and NO_THREAD in str(one))
        for one in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
