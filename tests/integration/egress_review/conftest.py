"""One stage for all tests of this folder."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.egress_review.stage import Stage, build


def free_port() -> int:
    """Return the first of six ports that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """An enclave with a door and a policy engine; a unix socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="plt-") as run:
        made = build(Path(run), free_port())
        try:
            yield made
        finally:
            made.stop()
