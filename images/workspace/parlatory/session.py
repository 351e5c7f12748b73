"""What this session has left: time, and bytes that may go to the screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from parlatory import door


@dataclass(frozen=True, repr=False)
class Left:
    """The time and the screen budget a session has left."""

    project: str
    purpose: str
    ends_at: datetime
    seconds: int
    budget_bytes: int
    budget_left_bytes: int

    def __repr__(self) -> str:
        return (
            f"Project {self.project}, for: {self.purpose}\n"
            f"This session ends in {_duration(self.seconds)}, at {self.ends_at:%Y-%m-%d %H:%M} UTC.\n"
            f"Your screen may still receive {self.budget_left_bytes / 1e6:.1f} MB "
            f"of today's {self.budget_bytes / 1e6:.1f} MB."
        )


def left() -> Left:
    """Return how much time and how many bytes for the screen are left, as the enclave counts them."""
    context = door.get("/v1/context")
    session = context["session"]
    ends_at = datetime.fromisoformat(session["ends_at"]).astimezone(UTC)
    return Left(
        project=context["project"],
        purpose=context["purpose"],
        ends_at=ends_at,
        seconds=max(0, int((ends_at - datetime.now(UTC)).total_seconds())),
        budget_bytes=session["budget_bytes"],
        budget_left_bytes=session["budget_left_bytes"],
    )


def _duration(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
