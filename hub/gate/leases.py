"""The table of leases: which sessions may be reached right now, renewed every two seconds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from hub import trace
from hub.gate.budget import Meter
from hub.gate.portal import Lease, NoAnswer

log = logging.getLogger("parlatory.gate")

EVERY_SECONDS = 2.0
FROZEN_AFTER_SECONDS = 5.0
STOPPED_AFTER_SECONDS = 600.0
SOONEST_SECONDS = 0.3
EVENTS_KEPT = 1000
SAME_EVENT_SECONDS = 10.0


class Cut(Exception):
    """The session may not be reached any more; the message is for its person."""


class Closable(Protocol):
    """Something open towards a browser that ends with its session."""

    def cut(self, reason: str) -> None:
        """Close at once, saying why."""


class Renewing(Protocol):
    """The part of the portal that the table needs."""

    async def renew(self, report: dict[str, dict[str, Any]]) -> list[Lease]:
        """Report and return all leases."""

    async def tell(self, kind: str, session: str, facts: dict[str, Any]) -> None:
        """Record an event."""


class Stopping(Protocol):
    """The part of the engine that the table needs."""

    async def stop(self, session: str) -> None:
        """Stop a session for good."""


@dataclass
class Place:
    """One session as the gate sees it: its lease, its meter, what is open towards browsers."""

    lease: Lease
    meter: Meter = field(default_factory=Meter)
    active_at: datetime | None = None
    open: set[Closable] = field(default_factory=set)
    stopped: bool = False
    busy: int = 0
    # Whether somebody's question if the session is ready is being held.
    probed: bool = False
    told: dict[str, tuple[float, int]] = field(default_factory=dict)

    def touch(self) -> None:
        """Remember that the person did something just now."""
        self.active_at = datetime.now(UTC)


class Leases:
    """Renews, freezes and ends; without fresh leases nothing passes."""

    def __init__(
        self, portal: Renewing, engine: Stopping, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._portal = portal
        self._engine = engine
        self._clock = clock
        self._places: dict[str, Place] = {}
        self._answered = clock()
        self._ever = False
        self._thawed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._renewed = asyncio.Event()
        self._events: asyncio.Queue[tuple[str, str, dict[str, Any], str]] = asyncio.Queue(EVENTS_KEPT)

    @property
    def frozen(self) -> bool:
        """Say whether the portal has been silent for too long to let anything pass."""
        return not self._ever or self._clock() - self._answered > FROZEN_AFTER_SECONDS

    def find(self, person: str, server: str) -> Place | None:
        """Return the person's newest session of that name, a live one first."""
        mine = [
            place
            for place in self._places.values()
            if place.lease.person == person and place.lease.server == server
        ]
        return max(mine, key=lambda place: (place.lease.live, place.lease.session), default=None)

    def check(self, place: Place) -> None:
        """Pass silently while the session may be reached; otherwise raise the reason."""
        current = self._places.get(place.lease.session)
        if current is not place or not place.lease.live or place.stopped:
            raise Cut(place.lease.reason or "This session has ended.")

    async def passing(self, place: Place) -> None:
        """Return when a message may pass: at once, or when a freeze is over; raise when the session ended."""
        self.check(place)
        while self.frozen:
            self._thawed.clear()
            await self._thawed.wait()
            self.check(place)

    async def soon(self, seconds: float = 1.0) -> None:
        """Ask for a renewal now instead of at the next tick, and wait for it briefly."""
        self._renewed.clear()
        self._wanted.set()
        try:
            await asyncio.wait_for(self._renewed.wait(), seconds)
        except TimeoutError:
            return

    def active(self) -> list[tuple[str, str, str]]:
        """Return person, server and time of last activity of each live session."""
        return [
            (place.lease.person, place.lease.server, place.active_at.isoformat())
            for place in self._places.values()
            if place.lease.live and place.active_at is not None
        ]

    async def run(self) -> None:
        """Renew for ever; a failure is tried again soon and ends in a freeze, never in an end of the loop."""
        while True:
            renewed = await self.tick()
            await asyncio.sleep(SOONEST_SECONDS)
            if not renewed:
                continue
            try:
                await asyncio.wait_for(self._wanted.wait(), EVERY_SECONDS - SOONEST_SECONDS)
            except TimeoutError:
                continue

    async def tick(self) -> bool:
        """Renew once: report, take over, cut off what ended; return whether there was an answer."""
        self._wanted.clear()
        report = {
            session: {
                "sent_bytes": place.meter.report(),
                "active_at": place.active_at.isoformat() if place.active_at else None,
            }
            for session, place in self._places.items()
        }
        trace.begin()
        try:
            leases = await self._portal.renew(report)
        except NoAnswer as error:
            log.warning("leases_not_renewed reason=%s", error)
            await self._silence()
            return False
        self._take_over({lease.session: lease for lease in leases})
        self._answered, self._ever = self._clock(), True
        self._thawed.set()
        self._renewed.set()
        return True

    def _take_over(self, leases: dict[str, Lease]) -> None:
        for session, lease in leases.items():
            place = self._places.setdefault(session, Place(lease))
            place.lease = lease
            place.meter.acknowledge(lease.budget_left_bytes)
        for session, place in list(self._places.items()):
            if session not in leases:
                place.lease = place.lease.model_copy(update={"live": False})
                del self._places[session]
            if not place.lease.live:
                self._cut(place, place.lease.reason or "This session has ended.")

    def _cut(self, place: Place, reason: str) -> None:
        for connection in list(place.open):
            connection.cut(reason)

    async def _silence(self) -> None:
        if self._clock() - self._answered < STOPPED_AFTER_SECONDS:
            return
        for place in list(self._places.values()):
            if place.stopped or not place.lease.live:
                continue
            self._cut(place, "This session was stopped: the portal was out of reach for ten minutes.")
            try:
                await self._engine.stop(place.lease.session)
            except NoAnswer as error:
                log.warning("session_not_stopped session=%s reason=%s", place.lease.session, error)
                continue
            place.stopped = True
            log.info("session_stopped session=%s reason=portal_silent", place.lease.session)
        self._thawed.set()

    def tell(self, place: Place, kind: str, facts: dict[str, Any]) -> None:
        """Queue an event for the ledger; a flood of one kind becomes a count."""
        key = f"{kind}:{facts.get('what', facts.get('path', ''))}"
        since, count = place.told.get(key, (-SAME_EVENT_SECONDS, 0))
        if kind != "saved" and self._clock() - since < SAME_EVENT_SECONDS:
            place.told[key] = (since, count + 1)
            return
        if len(place.told) > EVENTS_KEPT:
            place.told.clear()
        place.told[key] = (self._clock(), 0)
        if count:
            facts = {**facts, "also": count}
        try:
            self._events.put_nowait((kind, place.lease.session, facts, trace.current()))
        except asyncio.QueueFull:
            log.warning("event_dropped kind=%s session=%s", kind, place.lease.session)

    async def send_events(self) -> None:
        """Deliver queued events for ever, in order, again until the portal has taken them."""
        while True:
            kind, session, facts, request = await self._events.get()
            while True:
                try:
                    with trace.following(request):
                        await self._portal.tell(kind, session, facts)
                    break
                except NoAnswer as error:
                    log.warning("event_not_delivered kind=%s session=%s reason=%s", kind, session, error)
                    await asyncio.sleep(EVERY_SECONDS)
