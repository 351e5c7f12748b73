"""The byte budget: what a session has sent to the browser today, and what it may still send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Meter:
    """Counts bytes between two reports; what is in flight to the portal still counts as sent."""

    left_at_report: int = 0
    unreported: int = 0
    in_flight: int = 0

    @property
    def left(self) -> int:
        """Return the bytes the session may still send today; never below zero."""
        return max(0, self.left_at_report - self.unreported)

    def take(self, size: int) -> bool:
        """Count `size` bytes as sent if they fit; a message that does not fit is not sent at all."""
        if size < 0 or size > self.left:
            return False
        self.unreported += size
        return True

    def report(self) -> int:
        """Return the bytes to report; they stay counted until the portal has acknowledged them."""
        self.in_flight = self.unreported
        return self.in_flight

    def acknowledge(self, left: int) -> None:
        """Take over the portal's figure, which includes what was in flight."""
        self.unreported -= self.in_flight
        self.in_flight = 0
        self.left_at_report = max(0, left)
