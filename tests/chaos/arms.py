"""Places in the code at which a process kills itself when told to: put around it here, nothing is in it."""

from __future__ import annotations

import functools
import mmap
import os
import signal
import struct
from collections.abc import Callable
from typing import Any

from tests.chaos.points import NAMED

SLOT = struct.Struct("ii")
PLACES = sorted(
    {f"{name}:{when}" for names in NAMED.values() for name in names for when in ("before", "after")}
)
ROLES = tuple(NAMED)
# Shared by the nursery and all it forks: which place kills which role, and after how many passes.
_shared = mmap.mmap(-1, SLOT.size * len(ROLES))


def arm(role: str, where: str, passes: int) -> None:
    """Let the running process of a role kill itself at a place; without a place, nowhere."""
    place = PLACES.index(where) + 1 if where else 0
    SLOT.pack_into(_shared, SLOT.size * ROLES.index(role), place, passes)


def passed(role: str, where: str) -> None:
    """Kill this process with SIGKILL if it is armed here and has passed often enough."""
    at = SLOT.size * ROLES.index(role)
    place, left = SLOT.unpack_from(_shared, at)
    if not place or PLACES[place - 1] != where:
        return
    SLOT.pack_into(_shared, at, place, left - 1)
    if left <= 1:
        os.kill(os.getpid(), signal.SIGKILL)


def around(role: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that passes its place before and after."""

    @functools.wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        passed(role, f"{name}:before")
        answer = function(*given, **named)
        passed(role, f"{name}:after")
        return answer

    return called


def place(role: str) -> None:
    """Put the places of a role around the code that this process runs."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    from egress_review import releases, reviews, screener, screenings
    from egress_review.vault import Incoming, Vault
    from hub.ledger import entries, tiles

    owners: dict[str, tuple[object, str]] = {
        "commit": (BaseDatabaseWrapper, "commit"),
        "append": (entries, "append"),
        "fsync": (os, "fsync"),
        "link": (os, "link"),
        "tile": (tiles, "write"),
        "checkpoint": (tiles.Tiles, "write_checkpoint"),
        "write": (Incoming, "write"),
        "finish": (Incoming, "finish"),
        "forget": (Incoming, "drop"),
        "keep": (Vault, "keep"),
        "verify": (Vault, "verify"),
        "claim": (screenings, "claim"),
        "lay_out": (screenings, "lay_out"),
        "screened": (screener.EngineScreener, "run"),
        "release": (releases, "release"),
        "hold": (releases, "_hold"),
        "vote": (reviews, "vote"),
    }
    for name in NAMED[role]:
        owner, attribute = owners[name]
        setattr(owner, attribute, around(role, name, getattr(owner, attribute)))
