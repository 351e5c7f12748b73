"""Where and when a process is killed: a plan that follows from its seed alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

VARIABLE = "PARLATORY_CHAOS_SEED"
COUNT_VARIABLE = "PARLATORY_CHAOS_POINTS"
COUNT = 200
# Named places in the code, each with the moment before it and the one after; what they are is in `arms`.
EVERYWHERE = ("commit", "append", "fsync", "tile", "checkpoint")
NAMED = {
    "door": (*EVERYWHERE, "write", "finish", "keep", "link", "forget"),
    "worker": (*EVERYWHERE, "claim", "lay_out", "screened", "keep", "link", "forget", "release", "hold"),
    "portal": (*EVERYWHERE, "vote", "release", "verify"),
    "publisher": ("tile", "checkpoint", "fsync"),
    "engine": (),
    "opa": (),
    # The machine stops: all of them at once.
    "all": (),
}
WEIGHTS = {"door": 6, "worker": 8, "portal": 7, "publisher": 3, "engine": 2, "opa": 1, "all": 1}
AT_RANDOM = 0.3


@dataclass(frozen=True)
class Point:
    """One kill: of whom, where in the code (nowhere named: after a delay), and how long it stays away."""

    number: int
    role: str
    where: str
    # The place is passed so often before it kills.
    passes: int
    delay_seconds: float
    away_seconds: float

    def __str__(self) -> str:
        """Return the point in one line."""
        where = f"{self.where} (pass {self.passes})" if self.where else f"after {self.delay_seconds:.3f} s"
        return f"point {self.number}: {self.role} {where}"


def seed() -> int:
    """Return the seed that the environment gives, or a new one."""
    return int(os.environ.get(VARIABLE) or secrets.randbelow(2**32))


def count() -> int:
    """Return how many points the environment asks for, or as many as every run of the tests has."""
    return int(os.environ.get(COUNT_VARIABLE) or COUNT)


def rounds() -> int:
    """Return how often each process of a running enclave is killed: once, and more with more points."""
    return max(1, count() // COUNT)


def plan(of: int, count: int) -> Iterator[Point]:
    """Yield the points of a seed; the same seed yields the same points."""
    chance = Random(of)
    for number in range(1, count + 1):
        role = chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        named = NAMED[role] if chance.random() > AT_RANDOM else ()
        where = f"{chance.choice(named)}:{chance.choice(('before', 'after'))}" if named else ""
        yield Point(
            number=number,
            role=role,
            where=where,
            passes=chance.randint(1, 4),
            delay_seconds=chance.uniform(0.0, 0.4),
            away_seconds=chance.choice((0.0, 0.0, 0.05, 0.2)),
        )
