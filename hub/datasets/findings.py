"""What is wrong with a folder of recordings: where, in which column, and what its steward can do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

MOST_OF_A_KIND = 20


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; while one of them blocks, nothing is registered."""

    kind: str
    where: str
    column: str
    message: str
    fix: str
    blocks: bool


class Findings:
    """Findings as they come; of each kind the first twenty are kept and the others counted."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.blocks = False

    def add(
        self, kind: str, message: str, fix: str, *, where: str = "", column: str = "", blocks: bool = True
    ) -> None:
        """Add a finding."""
        self.counts[kind] += 1
        self.blocks = self.blocks or blocks
        if self.counts[kind] <= MOST_OF_A_KIND:
            self.kept.append(Finding(kind, where, column, message, fix, blocks))

    def as_lists(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Return the kept findings, those that block first, and how many more of each kind there are."""
        kept = sorted(self.kept, key=lambda finding: not finding.blocks)
        more = {kind: count - MOST_OF_A_KIND for kind, count in self.counts.items() if count > MOST_OF_A_KIND}
        return [vars(finding) for finding in kept], more
