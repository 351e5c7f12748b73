"""Who and what a change touches, told before it is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Affected:
    """Somebody or something that a change touches: a name, what happens to it, and where its page is."""

    name: str
    effect: str
    url: str = ""
