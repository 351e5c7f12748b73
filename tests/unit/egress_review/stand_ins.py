"""Stand-ins for what is not there in a unit test."""

from __future__ import annotations

from datetime import UTC, datetime

from hub import ids, policy
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
