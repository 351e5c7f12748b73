"""`doctor --checklist dsh`: another system's public checklist, as far as this machine can show it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hub.doctor.promise import Finding, Promise

LISTS = {"dsh": Path(__file__).parent / "dsh.toml"}
# A promise about sessions is kept by none at all; that shows nothing.
NOTHING_THERE = "0 containers"


class Outcome(StrEnum):
    """What became of a point."""

    PASSED = "passed"
    TESTED = "tested"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Point:
    """One point: how it is shown, or why it is not."""

    number: str
    asks: str
    looks: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    failed: str = ""
    not_applicable: str = ""


@dataclass(frozen=True)
class Verdict:
    """A point, what became of it and why."""

    point: Point
    outcome: Outcome
    reason: str

    def plain(self) -> dict[str, str]:
        """Return the verdict as a plain object."""
        return {
            "number": self.point.number,
            "asks": self.point.asks,
            "outcome": self.outcome.value,
            "reason": self.reason,
        }


def points(file: Path) -> list[Point]:
    """Return the points of a checklist; each is shown, failed or not applicable, and only one of these."""
    made = []
    for entry in tomllib.loads(file.read_text(encoding="utf-8"))["point"]:
        looks, tests = tuple(entry.pop("looks", ())), tuple(entry.pop("tests", ()))
        point = Point(**entry, looks=looks, tests=tests)
        if sum(map(bool, (point.looks or point.tests, point.failed, point.not_applicable))) != 1:
            raise ValueError(f"point {point.number} must be shown, failed or not applicable")
        made.append(point)
    return made


def go_through(
    given: Sequence[Point], promises: Sequence[Promise], look: Callable[[Promise], Finding]
) -> Iterator[Verdict]:
    """Yield what becomes of each point; a promise that several points stand on is looked at once."""
    by_name = {promise.promise: promise for promise in promises}
    seen: dict[str, Finding] = {}
    for point in given:
        for name in point.looks:
            if name not in seen:
                seen[name] = look(by_name[name])
        yield _judge(point, [(name, seen[name]) for name in point.looks])


def _judge(point: Point, findings: list[tuple[str, Finding]]) -> Verdict:
    if point.not_applicable:
        return Verdict(point, Outcome.NOT_APPLICABLE, point.not_applicable)
    if point.failed:
        return Verdict(point, Outcome.FAILED, point.failed)
    tried = f"tried by {', '.join(point.tests)}" if point.tests else ""
    if broken := [f"{name}: {finding.detail}" for name, finding in findings if not finding.ok]:
        return Verdict(point, Outcome.FAILED, "; ".join(broken))
    looked = [f"{name} ({found.detail})" for name, found in findings if NOTHING_THERE not in found.detail]
    empty = [name for name, found in findings if NOTHING_THERE in found.detail]
    if empty and not tried:
        return Verdict(point, Outcome.NOT_CHECKED, f"no session runs now: {', '.join(empty)}")
    outcome = Outcome.PASSED if looked and not empty else Outcome.TESTED
    return Verdict(point, outcome, "; ".join([*looked, *([tried] if tried else [])]))


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return how many points passed, were tested, failed and so on."""
    counted = Counter(verdict.outcome for verdict in verdicts)
    words = ", ".join(f"{counted[outcome]} {outcome.value}" for outcome in Outcome)
    return (
        f"{len(verdicts)} points: {words}. Passed was looked at now; tested is what a test tries, which "
        "`python3 -m hub test` runs."
    )


def line(verdict: Verdict) -> str:
    """Return a verdict for the terminal."""
    point = verdict.point
    return f"{verdict.outcome.value:<14}  {point.number:<5} {point.asks}\n{'':16}      {verdict.reason}"
