"""A run: people work, points kill, and after each of them every invariant is looked at."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.load import Load
from tests.chaos.points import Point
from tests.chaos.world import ROLES, World

REACHED_WITHIN_SECONDS = 1.0


@dataclass
class Report:
    """What a run did and what it found."""

    seed: int
    killed: Counter[str] = field(default_factory=Counter)
    at_named_places: int = 0
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    done: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """Return it in a few lines; the seed replays it."""
        roles = ", ".join(f"{role} {times}" for role, times in self.killed.most_common())
        done = ", ".join(f"{times} {act}" for act, times in self.done.items())
        lines = [
            f"seed {self.seed}: {self.killed.total()} kills in {self.seconds:.0f} s ({roles}), "
            f"{self.at_named_places} of them at named places; acknowledged: {done}",
            *self.broken,
        ]
        return "\n".join(lines)


def run(world: World, points: Iterable[Point], *, seed: int, aloud: bool = False) -> Report:
    """Kill at each point while people work; stop at the first that breaks a promise."""
    report = Report(seed)
    load = Load.of(world, seed=seed)
    load.come_in()
    began = time.monotonic()
    seen: dict[str, Any] = {}
    with load.at_work() as book:
        for point in points:
            report.at_named_places += strike(world, point)
            report.killed[point.role] += 1
            found = world.broken(book, seen)
            report.broken += [f"{point}: {one}" for one in found]
            if aloud:
                sys.stdout.write(f"{time.monotonic() - began:6.1f} s {point} {found or 'holds'}\n")
            if found:
                break
    if not report.broken:
        report.broken += [f"at rest: {one}" for one in world.at_rest()]
        report.broken += [f"at rest: {one}" for one in world.broken(book, {})]
    report.seconds = time.monotonic() - began
    acts = ("handed_in", "voted", "downloaded", "withdrawn")
    report.done = {name: len(getattr(book, name)) for name in acts}
    report.done |= {"receipts' checkpoints": len(book.checkpoints), "unanswered": book.unanswered}
    return report


def strike(world: World, point: Point) -> bool:
    """Kill as a point says and start what was killed again; return whether it died at the named place."""
    reached = False
    if point.role == "all":
        time.sleep(point.delay_seconds)
        for role in ROLES:
            world.kill(role)
        back: tuple[str, ...] = ROLES
    else:
        victim = world.running[point.role]
        if point.where:
            world.wish(arm={"role": point.role, "where": point.where, "passes": point.passes})
            reached = victim.ended(REACHED_WITHIN_SECONDS)
        else:
            time.sleep(point.delay_seconds)
        world.kill(point.role)
        back = (point.role,)
    time.sleep(point.away_seconds)
    for role in back:
        world.start(role)
    return reached
