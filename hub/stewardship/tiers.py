"""What a dataset's tier means for what leaves a session: said from the numbers that screening uses."""

from __future__ import annotations

from egress_review.screenings import MINIMUM_COUNT, UNKNOWN

NAMES = {0: "open", 1: "registered", 2: "restricted", 3: "sensitive", 4: "most sensitive"}


def meaning(tier: int) -> str:
    """Return what a tier means, in one sentence."""
    unknown = "stays inside" if UNKNOWN[tier] == "block" else "is shown to a checker"
    return (
        f"A number that leaves describes at least {MINIMUM_COUNT[tier]} people; "
        f"content that no check understands {unknown}."
    )


def choices() -> list[tuple[int, str]]:
    """Return the tiers as a form offers them."""
    return [(tier, f"{tier}, {name}: {meaning(tier)}") for tier, name in NAMES.items()]
