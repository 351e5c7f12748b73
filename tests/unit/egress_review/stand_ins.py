"""Stand-ins for what is not there in a unit test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from egress_review.screener import End, Indexes, Ran
from hub import ids, policy
from hub.errors import Unavailable
from hub.policy.questions import Question


class Policies:
    """Stands in for OPA: allows everything but the actions a test names; what Rego says is tested there."""

    def __init__(self) -> None:
        self.denied: dict[str, str] = {}
        self.asked: list[Question] = []

    def deny(self, action: str, reason: str = "The test says no; ask the test.") -> None:
        """Deny an action from now on."""
        self.denied[action] = reason

    def ask(self, question: Question) -> policy.Decision:
        """Answer a question."""
        self.asked.append(question)
        reason = self.denied.get(question.action)
        return policy.Decision(
            id=ids.new(),
            allow=reason is None,
            reasons=(reason,) if reason else (),
            revision="test",
            package=question.package,
            question=question.to_input(),
            asked_at=datetime.now(UTC),
        )


@dataclass
class FakeScreener:
    """Stands in for the engine: writes what a test says; held against the real one in integration."""

    out: Path
    files: dict[str, bytes | Path] = field(default_factory=dict)
    end: End = End.FINISHED
    exit_code: int | None = 0
    unavailable: bool = False
    during: Callable[[], None] = lambda: None
    ran: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    beside: list[Indexes] = field(default_factory=list)

    def run(self, submission: str, indexes: Indexes) -> Ran:
        """Write the files of the test and end as it says."""
        if self.unavailable:
            raise Unavailable("The engine did not answer.")
        self.ran.append(submission)
        self.beside.append(indexes)
        self.during()
        self.out.mkdir()
        for name, content in self.files.items():
            if isinstance(content, Path):
                (self.out / name).symlink_to(content)
            else:
                (self.out / name).write_bytes(content)
        return Ran(end=self.end, exit_code=self.exit_code, out=self.out)

    def clear(self, submission: str) -> None:
        """Remember what was cleared."""
        self.cleared.append(submission)
        if self.out.exists():
            shutil.rmtree(self.out)
