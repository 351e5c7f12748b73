"""Every parser on its seeds, its kept corpus and changes of both: it refuses or reads, no worse."""

from __future__ import annotations

import multiprocessing
import random
import time
import traceback
from multiprocessing.connection import Connection

import pytest

from tests.fuzz.targets import INDEX, TARGETS, inputs
from tests.leaks import hostile

# For all inputs of one parser together, and of each at most.
SECONDS, LONGEST = 60, 15
MUTATIONS = 20
SEED = 3


def _replayed(name: str, writing: Connection) -> None:
    """Send each input's name, and what was wrong with it; an empty name says that all are through."""
    pick = random.Random(SEED)
    for what, data in inputs(name):
        for number in range(MUTATIONS + 1):
            changed = hostile.changed(data, pick) if number else data
            writing.send((f"{what}, change {number}", None))
            began = time.monotonic()
            try:
                TARGETS[name](changed)
            except BaseException:  # noqa: BLE001 - whatever a parser raises is what is looked for
                writing.send((f"{what}, change {number}", traceback.format_exc(limit=-4)))
            if time.monotonic() - began > LONGEST:
                writing.send((f"{what}, change {number}", f"took {time.monotonic() - began:.0f} s"))
    writing.send(("", None))


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_parser_refuses_or_reads_and_does_nothing_worse(name: str) -> None:
    INDEX.prepare()
    context = multiprocessing.get_context("fork")
    reading, writing = context.Pipe(duplex=False)
    child = context.Process(target=_replayed, args=(name, writing))
    child.start()
    writing.close()
    ends_at, last, wrong = time.monotonic() + SECONDS, "the first", []
    while last and (left := ends_at - time.monotonic()) > 0 and reading.poll(left):
        try:
            last, trouble = reading.recv()
        except EOFError:
            break
        if trouble:
            wrong.append(f"{last}: {trouble}")
    child.kill()
    child.join()
    assert not last, f"the process ended or hung at {last} ({child.exitcode})"
    assert wrong == []


def test_each_kept_input_belongs_to_a_target() -> None:
    from tests.fuzz.targets import CORPUS

    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)
