"""Processes of our own that say how far they are: one that says nothing for too long hangs."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator

from hub.errors import ParlatoryError


class Silent(ParlatoryError):
    """A process said nothing for too long; whoever started it ends it."""


def lines(process: subprocess.Popen[bytes], *, silent_seconds: float) -> Iterator[bytes]:
    """Yield the lines that a process prints; raise Silent once none has come for so long."""
    assert process.stdout is not None
    said = select.poll()
    said.register(process.stdout, select.POLLIN)
    begun: list[bytes] = []
    while True:
        if not said.poll(silent_seconds * 1000):
            raise Silent(f"It said nothing for {silent_seconds / 60:.0f} minutes: it hung.")
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        first, *rest = piece.split(b"\n")
        begun.append(first)
        for line in rest:
            yield b"".join(begun)
            begun = [line]
    if last := b"".join(begun):
        yield last
