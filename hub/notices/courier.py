"""The courier: beside the worker's screenings, makes notices and sends letters until told to stop."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from threading import Event

from hub import control_loop
from hub.errors import Unavailable
from hub.notices import letters, reconciler

log = logging.getLogger("parlatory.notices")

POLL_SECONDS = 5.0
CALENDAR_EVERY = timedelta(minutes=15)


def run(stop: Event) -> None:
    """Work until told to stop; what can't be done now is done at the next look."""
    looked: datetime | None = None

    def look() -> None:
        nonlocal looked
        at = datetime.now(UTC)
        due = looked is None or at - looked >= CALENDAR_EVERY
        step(at=at, calendar=due)
        looked = at if due else looked

    failed = "notices_step_failed reason=%s"
    control_loop.run(look, stop=stop, every_seconds=POLL_SECONDS, log=log, failed=failed)


def step(*, at: datetime, calendar: bool = True) -> None:
    """Make what notices there are to make, and send what letters are due.

    A ledger that can't be read on, because the policies don't answer, holds up no letter.
    """
    try:
        while reconciler.read_ledger() == reconciler.BATCH:
            continue
        if calendar:
            reconciler.read_overdue(at=at)
    except Unavailable as error:
        log.warning("ledger_not_read reason=%s", error)
    reconciler.read_shortages(at=at)
    if calendar:
        reconciler.read_calendar(at=at)
    letters.make(at=at)
    letters.send(at=at)
