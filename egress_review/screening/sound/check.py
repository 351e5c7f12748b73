"""Judges decoded sound: what matches a recording is blocked, any other is for a human to hear."""

from __future__ import annotations

from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Sound
from egress_review.screening.verdict import Finding, flag


def check(sound: Sound, index: Index, limits: Limits) -> list[Finding]:
    """Return what a sound gives away; even one that matches nothing is a person's voice until heard."""
    seconds = len(sound.samples) / sound.rate if sound.rate else 0.0
    return [
        flag(
            "sound",
            f"{seconds:.1f} seconds of sound; a human has to hear that no voice of the data is in it.",
            "Hand in aggregated measures or a plot of them instead of sound.",
            sound.where,
        )
    ]
