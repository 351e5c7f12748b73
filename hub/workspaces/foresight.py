"""What will end a session before its time: the policies are asked today's facts with tomorrow's date."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
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
    """Return what ends a session before its own limit; None when nothing is foreseen."""
    foresee([session], at)
    known = _kept.get(session.pk)
    return known[1] if known is not None else None


def foresee(sessions: Iterable[Session], at: datetime) -> None:
    """Ask together what ends each of these sessions, where that was not asked lately.

    Every last day ends at midnight UTC, so only the midnights before a session's limit are asked about.
    """
    now = time.monotonic()
    due = [one for one in sessions if now - _asked_at(one) >= ASKED_AGAIN_SECONDS]
    if len(_kept) + len(due) > MOST_KEPT:
        _kept.clear()
    found = _ask(due, at)
    _kept.update({one.pk: (now, found.get(one.pk)) for one in due})


def forget() -> None:
    """Forget what was foreseen."""
    _kept.clear()


def _asked_at(session: Session) -> float:
    known = _kept.get(session.pk)
    return known[0] if known is not None else float("-inf")


def _ask(sessions: Iterable[Session], at: datetime) -> dict[str, Foreseen]:
    """Return the first end of each session that has one."""
    asked = [(one, midnight) for one in sessions for midnight in _midnights(one, at)]
    decisions = policy.ask_all([facts.go_on(one, at=midnight) for one, midnight in asked])
    found: dict[str, Foreseen] = {}
    for (one, midnight), decision in zip(asked, decisions, strict=True):
        if not decision.allow and decision.revision:
            found.setdefault(one.pk, Foreseen(midnight, " ".join(decision.reasons)))
    return found


def _midnights(session: Session, at: datetime) -> Iterator[datetime]:
    midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), clock_time.min, UTC)
    while session.expires_at is not None and midnight < session.expires_at:
        yield midnight
        midnight += timedelta(days=1)
