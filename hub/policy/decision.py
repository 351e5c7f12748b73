"""A decision: one answer of the policy engine, with what was asked and under which rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

UNANSWERED = (
    "The policy engine did not answer, so nothing was allowed; "
    "try again in a minute or tell the enclave's admin."
)


@dataclass(frozen=True)
class Decision:
    """One answer; `allow` is True only when OPA said so, with no reason against, under our revision."""

    id: str
    allow: bool
    reasons: tuple[str, ...]
    revision: str
    package: str
    question: dict[str, Any]
    asked_at: datetime
