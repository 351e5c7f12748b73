"""A pytest plugin: one scratch enclave for every test of the engine in a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine_room import Room, opened


@pytest.fixture(scope="session")
def room() -> Iterator[Room]:
    """A scratch enclave whose engine answers; it and all its containers are gone afterwards."""
    with opened() as made:
        yield made
