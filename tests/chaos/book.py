"""What the enclave said yes to, as those outside remember it: whatever stands here must never be lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from threading import Lock
from typing import Any


@dataclass
class Book:
    """Answers that somebody got."""

    # Submission to {file name: SHA-256}, each answered with 201.
    handed_in: dict[str, dict[str, str]] = field(default_factory=dict)
    # Submission and reviewer, each answered with the next page.
    voted: list[tuple[str, str]] = field(default_factory=list)
    # Submission, file, SHA-256 of every byte that came out.
    downloaded: list[tuple[str, str, str]] = field(default_factory=list)
    # Size and root of each signed checkpoint that travelled in a receipt.
    checkpoints: dict[int, str] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    unanswered: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def note(self, act: str, entry: Any) -> None:
        """Write an answer down."""
        with self._lock:
            if isinstance(getattr(self, act), list):
                getattr(self, act).append(entry)
            else:
                getattr(self, act).update(entry)

    def missed(self) -> None:
        """Count a request that got no answer: what became of it may be either."""
        with self._lock:
            self.unanswered += 1

    def text(self) -> str:
        """Return everything as JSON, as of now."""
        with self._lock:
            known = {name: value for name, value in vars(self).items() if not name.startswith("_")}
            return json.dumps(known)


def read(text: str) -> Book:
    """Return a book from its text."""
    known = json.loads(text)
    known["checkpoints"] = {int(size): root for size, root in known["checkpoints"].items()}
    return Book(**known)
