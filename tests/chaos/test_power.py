"""The power fails while people work: nothing that was acknowledged is lost, nothing half done stays."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from random import Random

import pytest

from tests.chaos import points, power, world
from tests.chaos.load import Load

CUTS = 4

pytestmark = pytest.mark.timeout(300)


def test_what_was_acknowledged_survives_a_power_cut() -> None:
    seed = points.seed()
    chance = Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="plt-", dir="/dev/shm") as at,
        tempfile.TemporaryDirectory(prefix="plt-") as run,
        power.disk(Path(at)) as (file, where),
        world.opened(Path(run), parent=where) as made,
    ):
        load = Load.of(made, seed=seed)
        load.come_in()
        # Set up long ago: only what people do from here on is at stake.
        os.sync()
        with load.at_work() as book:
            for number in range(1, CUTS + 1):
                time.sleep(chance.uniform(0.3, 1.5))
                said = power.said_until_now(book)
                power.cut(made, file, Path(at) / "copy")
                found = power.after(made, Path(at) / "copy", said, Path(at) / f"cut-{number}")
                assert not found, f"seed {seed}, cut {number}: {found}"
        assert len(book.handed_in) > CUTS, "the people of this test did nothing that could be lost"
