"""What will end a session before its time: the policies are asked today's facts with tomorrow's date."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

from hub import policy
from hub.workspaces import facts
from hub.workspaces.models import Session

# A lease is renewed every two seconds; what a day's end brings need not be asked about as often.
ASKED_AGAIN_SECONDS = 30.0
MOST_KEPT = 10_000
_kept: dict[str, tuple[float, Foreseen | None]] = {}


@dataclass(frozen=True)
class Foreseen:
    """When the policies would end a session if nothing changed until then, and why."""

    at: datetime
    reason: str


def access_end(session: Session, at: datetime) -> Foreseen | None:
    """Return what ends a session before its own limit; None when nothing is foreseen.

    Every last day ends at midnight UTC, so only the midnights before the session's limit are asked about.
    """
    known = _kept.get(session.pk)
    if known is not None and time.monotonic() - known[0] < ASKED_AGAIN_SECONDS:
        return known[1]
    found = _ask(session, at)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[session.pk] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Forget what was foreseen."""
    _kept.clear()


def _ask(session: Session, at: datetime) -> Foreseen | None:
    if session.expires_at is None:
        return None
    midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), clock_time.min, UTC)
    while midnight < session.expires_at:
        decision = policy.ask(facts.go_on(session, at=midnight))
        if not decision.allow and decision.revision:
            return Foreseen(midnight, " ".join(decision.reasons))
        midnight += timedelta(days=1)
    return None
