"""One stage for all tests of this folder."""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.egress_review.stage import Stage, build


def free_port() -> int:
    """Return the first of six ports that nobody listens on, below those that connections are given."""
    while True:
        first = secrets.randbelow(10_000) + 20_000
        with ExitStack() as held:
            try:
                for port in range(first, first + 6):
                    probe = held.enter_context(socket.socket())
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """An enclave with a door and a policy engine; a unix socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="plt-") as run:
        made = build(Path(run), free_port())
        try:
            yield made
        finally:
            made.stop()
