"""What a step of a load was like: each act's percentiles, each process's use, and where it bends; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

AIM_MS = 1000.0
# With more errors than that p95 over all that was tried is no answer at all.
MOST_FAILED = 0.05
# The acts that the aim is about; the others are shown and have none.
AIMED = ("echo", "page")
# What a process is called that is no part of an enclave: who asks, and counts the seconds.
MEASURING = "measuring: "


@dataclass(frozen=True)
class Act:
    """How long an act took, in ms, over those that succeeded; without one there is no figure."""

    count: int
    errors: int
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None

    @classmethod
    def of(cls, seconds: Sequence[float], *, errors: int = 0) -> Act:
        """Return the figures of a row of seconds; between the two nearest in proportion, never beyond."""
        if not seconds:
            return cls(0, errors)
        took = [1000 * one for one in seconds]
        cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
        return cls(len(took), errors, cuts[49], cuts[94], cuts[98])

    @property
    def bends(self) -> bool:
        """Whether p95 of what was tried is over the aim: what failed took longer than any aim."""
        failed = self.errors > MOST_FAILED * (self.count + self.errors)
        return failed or (self.p95_ms or 0) > AIM_MS


@dataclass(frozen=True)
class Use:
    """What a process and those it started used during a step."""

    cpu_percent: float
    memory_mib: float


@dataclass(frozen=True)
class Step:
    """What was seen with so many sessions at work."""

    sessions: int
    acts: Mapping[str, Act]
    processes: Mapping[str, Use]

    def lines(self) -> list[str]:
        """Return the step as rows: its acts, then its processes."""
        acts = [
            f"{self.sessions:>8} {name:<10}{act.count:>8}{_ms(act.p50_ms)}{_ms(act.p95_ms)}{_ms(act.p99_ms)}"
            f"{act.errors:>8}"
            for name, act in self.acts.items()
        ]
        uses = [
            f"{self.sessions:>8} {name:<24}{use.cpu_percent:>10.0f}{use.memory_mib:>10.0f}"
            for name, use in self.processes.items()
        ]
        return [ACTS, *acts, USES, *uses, self.shared()]

    def shared(self) -> str:
        """Say what the measured took of the cores, and what those who measure took beside them."""
        ours = sum(use.cpu_percent for name, use in self.processes.items() if name.startswith(MEASURING))
        theirs = sum(use.cpu_percent for use in self.processes.values()) - ours
        return f"{self.sessions:>8} cores: {theirs:.0f} % to what is measured, {ours:.0f} % to measuring"


ACTS = f"{'sessions':>8} {'act':<10}{'count':>8}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'errors':>8}"
USES = f"{'sessions':>8} {'process':<24}{'CPU %':>10}{'MiB':>10}"


def bend(steps: Sequence[Step]) -> str:
    """Return at which step p95 of a page or an echo goes over the aim, or that it did not, in a sentence."""
    for step in sorted(steps, key=lambda one: one.sessions):
        over = [f"{name} {_said(act)}" for name, act in _aimed(step) if act.bends]
        if over:
            return f"It bends at {step.sessions} sessions: p95 of {' and of '.join(over)}; the aim is 1 s."
    last = max(steps, key=lambda one: one.sessions)
    figures = ", ".join(f"{name} {_said(act)}" for name, act in _aimed(last))
    return f"It did not bend up to {last.sessions} sessions: p95 of {figures}; the aim is 1 s."


def _aimed(step: Step) -> list[tuple[str, Act]]:
    return [(name, step.acts[name]) for name in AIMED if name in step.acts]


def _said(act: Act) -> str:
    if act.p95_ms is None:
        return "none succeeded"
    failed = (
        f" of those that succeeded, {act.errors} of {act.count + act.errors} failed" if act.errors else ""
    )
    return f"{act.p95_ms:.0f} ms{failed}"


def _ms(value: float | None) -> str:
    return f"{'–':>10}" if value is None else f"{value:>10.1f}"
