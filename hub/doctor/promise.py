"""What a check is: a promise of the enclave, how it is looked at, and what to do when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.places import Places


@dataclass(frozen=True)
class Finding:
    """What one look at the running enclave found."""

    ok: bool
    detail: str


@dataclass(frozen=True)
class Promise:
    """One promise, checked against the running enclave and never against a configuration file alone."""

    promise: str
    how: str
    fix: str
    look: Callable[[Places], Finding]
    # Whether the portal looks itself whenever it is asked: such a look is quick and never raises.
    at_once: bool = False

    @property
    def name(self) -> str:
        """What numbers and logs call it."""
        return self.look.__name__


def kept(exceptions: list[str], otherwise: str) -> Finding:
    """Return a finding from the list of what breaks the promise."""
    return Finding(ok=not exceptions, detail="; ".join(exceptions) or otherwise)
