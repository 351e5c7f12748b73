"""What a check of the ledger or of a receipt says. No Django."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was checked, and how it stands."""

    good: bool
    text: str
