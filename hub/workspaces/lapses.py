"""Leases that nobody renews: a session ends also where its gate is gone for good."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from django.utils import timezone

from hub import control_loop
from hub.workspaces import launch, sessions
from hub.workspaces.models import Session, SessionState

log = logging.getLogger("parlatory.workspaces")

POLL_SECONDS = 10.0
LAPSED_SECONDS = 600.0
CLEAR_AFTER = timedelta(seconds=60)
REASON = "Nobody renewed the session’s lease for ten minutes, so it was ended; what you saved is kept."


class Watch:
    """Remembers since when each lease stands still, by a clock that nobody sets."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[datetime | None, float]] = {}

    def look(self) -> int:
        """End each live session whose lease stood still for too long, clear what is left; return how many."""
        now = self._clock()
        live = list(Session.objects.live().with_people())
        before, self._seen = self._seen, {}
        lapsed = []
        for session in live:
            renewed, since = before.get(session.pk, (session.lease_renewed_at, now))
            since = since if renewed == session.lease_renewed_at else now
            self._seen[session.pk] = (session.lease_renewed_at, since)
            if now - since >= LAPSED_SECONDS:
                lapsed.append(session)
        for session in lapsed:
            log.warning("lease_lapsed session=%s", session.pk)
            state = SessionState.ENDED if session.state == SessionState.RUNNING else SessionState.FAILED
            sessions.end(by="enclave", session=session, reason=REASON, state=state)
        return len(lapsed)


def clear_left(at: datetime) -> None:
    """Ask again for the removal of what ended a while ago and is still there."""
    left = Session.objects.with_people().filter(
        state__in=[SessionState.ENDED.value, SessionState.FAILED.value],
        cleared_at=None,
        ended_at__lt=at - CLEAR_AFTER,
    )
    for session in left:
        launch.clear(session)


def run(stop: Event) -> None:
    """Watch until told to stop; what can't be done now is done at the next look."""
    watch = Watch()

    def look() -> None:
        watch.look()
        clear_left(timezone.now())

    failed = "lapses_not_looked_for reason=%s"
    control_loop.run(look, stop=stop, every_seconds=POLL_SECONDS, log=log, failed=failed)
