"""A decision: one answer of the policy engine, with what was asked and under which rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.policy.questions import Question

UNANSWERED = (
    "The policy engine did not answer, so nothing was allowed; "
    "try again in a minute or tell the enclave's admin."
)


@dataclass(frozen=True)
class Decision:
    """One answer; `allow` is True only when OPA said so under the revision we expect, with no reason against."""

    id: str
    allow: bool
    reasons: tuple[str, ...]
    revision: str
    package: str
    question: dict[str, Any]
    asked_at: datetime

    @classmethod
    def unanswered(cls, *, id: str, question: Question, asked_at: datetime) -> Decision:
        """Return the denial that stands for every answer we did not get or could not read."""
        return cls(
            id=id,
            allow=False,
            reasons=(UNANSWERED,),
            revision="",
            package=question.package,
            question=question.to_input(),
            asked_at=asked_at,
        )
