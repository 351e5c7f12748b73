"""A clock that was set back makes what has ended valid again; so whoever is asked then says no.

The newest entry of the ledger tells how late it was at least. A step of a few seconds, as clocks are kept
right, is taken: entries stay in order of time. Beyond that nothing is decided until the clock is right, or an
operator has said, on the ledger, that it is right now and was wrong before.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.errors import Unavailable
from hub.ledger.models import Entry

TOLERANCE = timedelta(seconds=120)
STEP = timedelta(microseconds=1)


class ClockSetBack(Unavailable):
    """This machine's clock shows a time that the ledger has left behind."""


def reading(newest: datetime | None) -> datetime:
    """Return the time, never before the newest entry's; a clock that was set back is refused."""
    now = datetime.now(UTC)
    if newest is None or now > newest:
        return now
    if now + TOLERANCE >= newest:
        return newest + STEP
    raise ClockSetBack(
        f"This machine’s clock shows {now:%Y-%m-%d %H:%M} UTC, and the ledger’s newest entry is of "
        f"{newest:%Y-%m-%d %H:%M}: the clock was set back, so nothing is decided. Tell an admin: set the "
        "clock right, or, if it was wrong before, run `python3 -m hub ledger clock --accept`."
    )


def require() -> None:
    """Raise ClockSetBack unless the clock can be believed."""
    reading(Entry.objects.order_by("-index").values_list("at", flat=True).first())
