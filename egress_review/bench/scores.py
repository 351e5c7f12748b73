"""What came of one submission, and recall with its uncertainty over many."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """One submission: its recipe and seed, what the screening and the others said, whether that is right.

    `caught` says for a leak that its mark is met, for a benign file that it is not blocked; `others` says
    the same of each other tool, None where it doesn't apply. `skipped` says why there was nothing to build.
    """

    dataset: str
    number: int
    mark: str
    title: str
    key: str
    seed: int
    caught: bool = False
    outcome: str = ""
    checks: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    seconds: float = 0.0
    others: dict[str, bool | None] = field(default_factory=dict)
    skipped: str = ""


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson (1927); (0, 1) where nothing was tried."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    centre = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @classmethod
    def caught(cls, results: Iterable[Result]) -> Share:
        """Return how many of these were caught."""
        found = [result.caught for result in results]
        return cls(sum(found), len(found))

    @classmethod
    def caught_by(cls, tool: str, results: Iterable[Result]) -> Share:
        """Return how many of those that a tool applies to it caught."""
        found = [result.others[tool] for result in results if result.others.get(tool) is not None]
        return cls(sum(bool(hit) for hit in found), len(found))

    def __str__(self) -> str:
        return f"{self.hits}/{self.of}" if self.of else "–"

    @property
    def words(self) -> str:
        """The share in per cent with its interval."""
        if not self.of:
            return "–"
        low, high = wilson(self.hits, self.of)
        return f"{100 * self.hits / self.of:5.1f} % ({100 * low:.0f}–{100 * high:.0f})"
