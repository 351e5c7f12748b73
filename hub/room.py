"""Whether an error says that a disk is full: what was asked was right, and nothing was changed."""

from __future__ import annotations

import errno

FULL = (
    "The enclave’s disk is full, so nothing was changed; what is there can still be read. "
    "Try again later, and tell an admin."
)
# SQLite says it in words; PostgreSQL's class 53, number 100.
SQLITE, POSTGRESQL = "database or disk is full", "53100"


def lacks(error: BaseException) -> bool:
    """Return whether an error, or what it came from, is a disk without room."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if SQLITE in str(seen) or getattr(seen, "sqlstate", None) == POSTGRESQL:
            return True
        seen = seen.__cause__ or seen.__context__
    return False
