"""Things of the host's that anybody on it may open: an attack that finds one is out of its session."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.attacks.shared import KEY, NAME

IPC_CREAT, IPC_RMID = 0o1000, 0
MQ_OPEN, MQ_UNLINK = 240, 241
EVERYBODY = 0o666


class NoBait(Exception):
    """The host did not take the bait, so attacks on it would show nothing."""


@contextmanager
def laid() -> Iterator[None]:
    """Lay out a segment, a queue, a file in /dev/shm and an abstract socket; all are gone afterwards."""
    libc = ctypes.CDLL(None, use_errno=True)
    with ExitStack() as stack:
        segment = libc.shmget(KEY, 16, IPC_CREAT | EVERYBODY)
        if segment < 0:
            raise NoBait(f"no shared memory segment: {os.strerror(ctypes.get_errno())}")
        stack.callback(libc.shmctl, segment, IPC_RMID, None)
        name = ctypes.create_string_buffer(NAME.encode())
        queue = libc.syscall(MQ_OPEN, name, os.O_RDWR | os.O_CREAT, EVERYBODY, None)
        if queue < 0:
            raise NoBait(f"no message queue: {os.strerror(ctypes.get_errno())}")
        stack.callback(os.close, queue)
        stack.callback(libc.syscall, MQ_UNLINK, name)
        file = Path("/dev/shm") / NAME  # noqa: S108 - the host's own, which no session may see
        # Anybody may put something of that name there: root neither follows nor keeps it.
        file.unlink(missing_ok=True)
        with file.open("x") as made:
            made.write("bait")
        stack.callback(file.unlink, missing_ok=True)
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(f"\0{NAME}")
        listener.listen()
        yield
