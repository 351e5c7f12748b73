"""Who is calling, told by the kernel, and what each caller may ask of the engine."""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Mapping
from enum import StrEnum

from hub.errors import Refused
from hub.places import USERS

UCRED = struct.Struct("3i")


class Verb(StrEnum):
    """What the engine can be asked."""

    START = "start a session"
    LIST = "list sessions"
    SHOW = "look at a session"
    STOP = "stop a session"
    LOG = "read a session's log"
    USAGE = "read what a session uses"
    SCREEN = "screen a submission"
    CLEAR = "clear a screening"
    HEALTH = "ask for health"


# Deny is the default: a verb not in a caller's set, or a caller not in the table, is refused.
ALLOWED: Mapping[str, frozenset[Verb]] = {
    # Root may do all of this without the engine; `up`, `down` and `doctor` ask here all the same.
    "root": frozenset(set(Verb) - {Verb.START, Verb.SCREEN}),
    "hub": frozenset({Verb.START, Verb.LIST, Verb.SHOW, Verb.STOP, Verb.HEALTH}),
    "portal": frozenset({Verb.LIST, Verb.SHOW, Verb.STOP, Verb.LOG, Verb.USAGE, Verb.HEALTH}),
    "gate": frozenset({Verb.LIST, Verb.SHOW, Verb.STOP, Verb.HEALTH}),
    "worker": frozenset({Verb.LIST, Verb.SHOW, Verb.STOP, Verb.LOG, Verb.SCREEN, Verb.CLEAR, Verb.HEALTH}),
    "door": frozenset({Verb.LIST, Verb.SHOW, Verb.STOP, Verb.HEALTH}),
}


def known() -> dict[int, str]:
    """Return the enclave's own users on this machine, by uid; a user that is absent can't call."""
    found = {0: "root"}
    for name, user in USERS.items():
        try:
            found[pwd.getpwnam(user).pw_uid] = name
        except KeyError:
            continue
    return found


def uid_of(connection: socket.socket) -> int:
    """Return the uid that the process at the other end had when it connected."""
    _, uid, _ = UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
    return int(uid)


def require(uid: int, verb: Verb, callers: Mapping[int, str]) -> str:
    """Return the caller's name if it may do this; refuse everyone else."""
    caller = callers.get(uid)
    if caller is None:
        raise Refused([f"User {uid} is not one of this enclave's processes; only they may call the engine."])
    if verb not in ALLOWED.get(caller, frozenset()):
        raise Refused([f"The {caller} process may not {verb.value}; ask a process whose work that is."])
    return caller
