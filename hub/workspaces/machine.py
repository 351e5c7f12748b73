"""What the machine behind the engine has that a session can be given, as the engine says."""

from __future__ import annotations

from hub.errors import Invalid, Unavailable
from hub.workspaces import launch


def gpus() -> int | None:
    """Return how many GPUs sessions can be given; None where the engine does not answer."""
    try:
        return launch.remote().gpus()
    except Unavailable:
        return None


def require(*, gpus: int) -> None:
    """Raise Invalid for more GPUs than the machine has; Unavailable where nobody can tell."""
    there = launch.remote().gpus() if gpus else 0
    if gpus > there:
        has = f"{there} GPU{'s' if there != 1 else ''}" if there else "no GPU"
        raise Invalid(f"The machine has {has} that sessions can be given, not {gpus}.")
