"""Processes are killed at seeded points while people work; after each, every promise is looked at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import points, run, world
from tests.chaos.world import World

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def small() -> Iterator[World]:
    """A small enclave with people in it; a unix socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="plt-") as folder, world.opened(Path(folder)) as made:
        yield made


def test_no_kill_loses_or_doubles_anything(small: World) -> None:
    seed = points.seed()
    report = run.run(small, points.plan(seed, points.count()), seed=seed)
    assert not report.broken, f"{points.VARIABLE}={seed} replays this\n{report.text()}\n{small.log()}"
    assert report.killed.total() == points.count()
    assert min(report.done[act] for act in ("handed_in", "voted", "downloaded")) > 0, report.text()
