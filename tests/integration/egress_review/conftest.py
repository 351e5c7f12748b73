"""One stage for all tests of this folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ports
from tests.integration.egress_review.stage import Stage, build


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """An enclave with a door and a policy engine; a unix socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="plt-") as run:
        made = build(Path(run), ports.free(6))
        try:
            yield made
        finally:
            made.stop()
