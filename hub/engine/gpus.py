"""The GPUs that sessions can be given: whole, each to one session at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hub.engine import container
from hub.engine.dock import Docker
from hub.errors import WrongState
from hub.places import Places

DEVICES = Path("/dev")
ONE = re.compile(r"nvidia[0-9]+")


def here(docker: Docker) -> tuple[str, ...]:
    """Return the numbers of the machine's GPUs; none where Docker has no runtime that could hand one in."""
    count = sum(1 for path in DEVICES.glob("nvidia*") if ONE.fullmatch(path.name))
    return tuple(str(number) for number in range(count)) if count and docker.hands_gpus_in() else ()


def free(count: int, docker: Docker, places: Places) -> Sequence[str]:
    """Return so many GPUs that no container of the enclave holds, a stopped one neither.

    Two sessions on one GPU could read what the other left in its memory.
    """
    held = {
        number
        for one in docker.list(places.enclave, container.LABEL_GPUS)
        for number in one.labels[container.LABEL_GPUS].split(",")
    }
    left = [number for number in here(docker) if number not in held]
    if len(left) < count:
        raise WrongState(
            f"The session needs {count} of the machine's GPUs, and {len(left) or 'none'} is free; "
            "start it when another session has ended."
        )
    return left[:count]
