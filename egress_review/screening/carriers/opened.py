"""What opening a carrier gives: the parts that are looked through, and the copy that may leave."""

from __future__ import annotations

from dataclasses import dataclass

from egress_review.screening.kinds import Kind
from egress_review.screening.parts import Part
from egress_review.screening.verdict import Finding


@dataclass(frozen=True)
class Opened:
    """The parts of a file, its canonical copy and that copy's kind, and what opening it showed."""

    parts: tuple[Part, ...]
    canonical: bytes
    kind: Kind
    findings: tuple[Finding, ...] = ()
