"""The loop beside the worker: look what is due, do it, look again; what fails now is done at a later look."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from django.db import DatabaseError, connections

from hub import beside
from hub.errors import Unavailable

# A database, a disk or a part of the enclave that does not answer now may do so at the next look.
PASSING = (DatabaseError, OSError, Unavailable)


def run(
    step: Callable[[], object],
    *,
    stop: Event,
    every_seconds: float,
    log: logging.Logger,
    failed: str,
    passing: tuple[type[Exception], ...] = PASSING,
) -> None:
    """Take a step, then wait, until told to stop; one that returns True is followed by the next at once.

    Each step says to the worker that it goes on; a long one says so itself, by `beside.goes_on()`.
    `failed` is the event, with its `reason=%s`, that is logged of what may pass; another error ends the loop.
    """
    while not stop.is_set():
        beside.goes_on()
        try:
            if step() is True:
                continue
        except passing as error:
            log.error(failed, error)
        finally:
            connections.close_all()
        beside.goes_on(rests_seconds=every_seconds)
        stop.wait(every_seconds)
