"""Processes are killed at seeded points, or hang, while people work; then every promise is looked at."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub import beside
from hub.doctor import processes
from hub.places import from_environment
from tests.chaos import points, run, world
from tests.chaos.world import World
from tests.integration.egress_review.stage import hand_in, multipart

HASTY_WORKER = """
import django
django.setup()
from hub import beside
from tests.chaos import roles
roles.hurry()
beside.BEAT_SECONDS, beside.LAST_SECONDS = 0.1, 0.1
beside.STEP_SECONDS, beside.GRACE_SECONDS = 1.0, 0.2
may = beside.Ends.may
# Not before the doctor was asked, however busy the machine.
beside.Ends.may = lambda self, at: self.file.with_name("asked").exists() and may(self, at)
roles.worker()
"""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
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


def test_a_screening_that_never_returns_is_named_and_ends_with_its_worker_which_loses_nothing(
    small: World,
) -> None:
    """It waits for whoever writes into a pipe in a file's place: nobody does, and no timeout ends that."""
    places = replace(from_environment(), run=small.stage.run)
    pipe = small.stage.state / "public-files.sha256"
    door = small.stage.door(small.people["sessions"][0])
    small.kill("worker")
    os.mkfifo(pipe)
    hung = small.stage.start("-c", HASTY_WORKER)
    try:
        made = hand_in(door, multipart([("table.csv", b"a,1\n")])).document["submission"]

        def is_said() -> bool:
            found = processes.works(places)
            return not found.ok and "screenings hangs" in found.detail and "screenings.py" in found.detail

        small.stage.until(is_said, "the doctor names the screening and where it stands", seconds=60)
        assert hung.poll() is None, "the worker lives, and its other works go on meanwhile"
        (places.run / "worker" / "asked").touch()
        assert hung.wait(60) == beside.HUNG_STATUS
    finally:
        pipe.unlink()
        hung.kill()
        hung.wait()
        # As supervisor does.
        small.start("worker")
    state = f"answer = Submission.objects.get(pk={made!r}).state"
    small.stage.until(lambda: small.ask(state) == "in_review", "it is screened by the next", seconds=60)
    assert small.at_rest() == []
