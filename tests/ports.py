"""Ports for what a test starts."""

from __future__ import annotations

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free(count: int = 1) -> int:
    """Return the first of so many neighbouring free ports, below those the kernel hands out."""
    first = int(RANGE.read_text().split()[0])
    for _ in range(100):
        port = random.randrange(20_000, first - count)
        if all(_is_free(port + number) for number in range(count)):
            return port
    raise AssertionError(f"no {count} neighbouring ports are free below {first}")


def listens(port: int) -> bool:
    """Say whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
