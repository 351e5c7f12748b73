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
    ends_at: datetime | None
    budget_bytes: int
    budget_left_bytes: int

    @property
    def seconds(self) -> int | None:
        """Seconds until the session ends, None where no end is set."""
        if self.ends_at is None:
            return None
        return max(0, int((self.ends_at - datetime.now(UTC)).total_seconds()))

    def __repr__(self) -> str:
        return (
            f"Project {self.project}, for: {self.purpose}\n"
            f"{self._end()}\n"
            f"Your screen may still receive {self.budget_left_bytes / 1e6:.1f} MB "
            f"of today's {self.budget_bytes / 1e6:.1f} MB."
        )

    def _end(self) -> str:
        if self.ends_at is None or self.seconds is None:
            return "This session has no set end."
        hours, minutes = divmod(self.seconds // 60, 60)
        duration = f"{hours} h {minutes} min" if hours else f"{minutes} min"
        return f"This session ends in {duration}, at {self.ends_at:%Y-%m-%d %H:%M} UTC."


def left() -> Left:
    """Return how much time and how many bytes for the screen are left, as the enclave counts them."""
    context = door.get("/v1/context")
    session = context["session"]
    ends_at = session["ends_at"]
    return Left(
        project=context["project"]["title"],
        purpose=context["purpose"],
        ends_at=datetime.fromisoformat(ends_at).astimezone(UTC) if ends_at else None,
        budget_bytes=session["budget_bytes"],
        budget_left_bytes=session["budget_left_bytes"],
    )
