"""Leases: no fresh yes, no traffic."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from hub.gate.leases import FROZEN_AFTER_SECONDS, SOONEST_SECONDS, STOPPED_AFTER_SECONDS, Cut, Leases
from tests.gatehouse import ALICE, BOB, SERVER, SESSION, Clock, EngineDouble, PortalDouble, lease


@dataclass(eq=False)
class Open:
    """Something open towards a browser."""

    reason: str = ""

    def cut(self, reason: str) -> None:
        """Remember why."""
        self.reason = reason


class Table:
    """A table of leases with doubles around it."""

    def __init__(self) -> None:
        self.portal, self.engine, self.clock = PortalDouble({SESSION: lease()}), EngineDouble(), Clock()
        self.leases = Leases(self.portal, self.engine, clock=self.clock)


def test_nothing_passes_before_the_portal_has_ever_answered() -> None:
    async def story() -> None:
        table = Table()
        assert table.leases.frozen
        assert table.leases.find(ALICE, SERVER) is None

    asyncio.run(story())


def test_a_session_is_found_by_its_own_person_and_server_only() -> None:
    async def story() -> None:
        table = Table()
        await table.leases.tick()
        assert table.leases.find(ALICE, SERVER) is not None
        assert table.leases.find(BOB, SERVER) is None
        assert table.leases.find(ALICE, "other") is None

    asyncio.run(story())


def test_a_revoked_session_is_cut_in_the_tick_that_says_so() -> None:
    async def story() -> None:
        table = Table()
        await table.leases.tick()
        place = table.leases.find(ALICE, SERVER)
        assert place is not None
        browser = Open()
        place.open.add(browser)
        table.portal.leases[SESSION] = lease(live=False, reason="Your training has lapsed.")
        await table.leases.tick()
        assert browser.reason == "Your training has lapsed."
        with pytest.raises(Cut, match="training has lapsed"):
            table.leases.check(place)

    asyncio.run(story())


def test_a_session_that_the_portal_no_longer_knows_is_cut() -> None:
    async def story() -> None:
        table = Table()
        await table.leases.tick()
        place = table.leases.find(ALICE, SERVER)
        assert place is not None
        browser = Open()
        place.open.add(browser)
        table.portal.leases.clear()
        await table.leases.tick()
        assert browser.reason
        assert table.leases.find(ALICE, SERVER) is None

    asyncio.run(story())


def test_five_silent_seconds_freeze_and_an_answer_thaws() -> None:
    async def story() -> None:
        table = Table()
        await table.leases.tick()
        place = table.leases.find(ALICE, SERVER)
        assert place is not None
        assert not table.leases.frozen
        table.clock.ahead = FROZEN_AFTER_SECONDS + 0.1
        assert table.leases.frozen
        waiting = asyncio.create_task(table.leases.passing(place))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await table.leases.tick()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(story())


def test_ten_silent_minutes_stop_every_session_on_the_engine() -> None:
    async def story() -> None:
        table = Table()
        await table.leases.tick()
        place = table.leases.find(ALICE, SERVER)
        assert place is not None
        table.portal.silent = True
        table.clock.ahead = STOPPED_AFTER_SECONDS - 5
        await table.leases.tick()
        assert table.engine.stopped == []
        table.clock.ahead = STOPPED_AFTER_SECONDS + 1
        await table.leases.tick()
        await table.leases.tick()
        assert table.engine.stopped == [SESSION]
        with pytest.raises(Cut):
            await table.leases.passing(place)

    asyncio.run(story())


def test_a_flood_of_refusals_becomes_a_few_events() -> None:
    async def story() -> None:
        table = Table()
        await table.leases.tick()
        place = table.leases.find(ALICE, SERVER)
        assert place is not None
        for _ in range(500):
            table.leases.tell(place, "refused", {"what": "message comm_msg"})
        table.clock.ahead = 20
        table.leases.tell(place, "refused", {"what": "message comm_msg"})
        sender = asyncio.create_task(table.leases.send_events())
        await asyncio.sleep(0.05)
        sender.cancel()
        assert [facts for _, _, facts in table.portal.events] == [
            {"what": "message comm_msg"},
            {"what": "message comm_msg", "also": 499},
        ]

    asyncio.run(story())


def test_a_failed_renewal_is_tried_again_long_before_the_next_tick() -> None:
    async def story() -> None:
        table = Table()
        table.portal.silent = True
        running = asyncio.create_task(table.leases.run())
        await asyncio.sleep(0.05)
        table.portal.silent = False
        await asyncio.sleep(SOONEST_SECONDS * 2)
        running.cancel()
        assert not table.leases.frozen

    asyncio.run(story())
