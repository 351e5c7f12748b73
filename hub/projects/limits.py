"""What a session of a project may have: its limits, each within what the engine takes, and its image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub import images
from hub.errors import Invalid
from hub.projects.models import GIB

MIB = 1024**2
DAY = 24 * 3600


@dataclass(frozen=True)
class Limit:
    """A limit in words, with the smallest and the largest value it may have."""

    says: str
    low: float
    high: float
    whole: bool = True


LIMITS: dict[str, Limit] = {
    "memory_bytes": Limit("The memory, in bytes,", 256 * MIB, 1024 * GIB),
    "cpus": Limit("The number of processors", 0.1, 256, whole=False),
    "gpus": Limit("The number of GPUs", 0, 16),
    "pids": Limit("The number of processes", 64, 32_768),
    "home_bytes": Limit("The disk, in bytes,", 64 * MIB, 16 * 1024 * GIB),
    "budget_bytes_per_day": Limit("The budget of bytes a day", 0, GIB),
    "idle_seconds": Limit("The idle time, in seconds,", 300, DAY),
    "session_seconds": Limit("The time a session may last, in seconds,", 900, 7 * DAY),
}


def check(values: Mapping[str, Any]) -> None:
    """Raise Invalid, saying which limit can't be what, unless every value is one the engine takes."""
    for name, value in values.items():
        if name == "image":
            images.check(str(value))
            continue
        if name not in LIMITS:
            raise Invalid(f"A project has no limit called {name}.")
        limit = LIMITS[name]
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        # Written so that NaN is refused too.
        if not fits or not limit.low <= value <= limit.high or (limit.whole and value != int(value)):
            raise Invalid(f"{limit.says} is from {limit.low:,} to {limit.high:,}, not {value}.")
    check_times(values)


def check_times(values: Mapping[str, Any]) -> None:
    """Raise Invalid if a session would be idle for longer than it may last."""
    idle, whole = values.get("idle_seconds"), values.get("session_seconds")
    if idle is not None and whole is not None and idle > whole:
        raise Invalid("The idle time is longer than a session may last; make it shorter, or sessions longer.")
