"""Permission to act: asked of the policies before a transaction, recorded inside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from hub import policy, rows
from hub.ledger import decisions
from hub.people import facts
from hub.people.models import Person
from hub.policy import questions


@dataclass(frozen=True)
class Operator:
    """Root at this machine's command line, who can do everything here anyway; the ledger still says so."""

    id: str = "operator"


WITHOUT_POLICY = Operator()
Actor = Person | Operator
Ask = Callable[[questions.Person, datetime], questions.Question]


@dataclass(frozen=True)
class Permission:
    """An allow, not yet used."""

    by: Actor
    subject: str
    decision: policy.Decision | None

    def use(self) -> None:
        """Write the decision down inside the acting transaction; its actor must be unchanged."""
        if isinstance(self.by, Person):
            rows.recheck(self.by)
        if self.decision is not None:
            decisions.record(self.decision, by=self.by.id, subject=self.subject)


def to(by: Actor, *, subject: str, ask: Ask) -> Permission:
    """Return the permission that the policies give now; a denial is recorded and raised as Refused."""
    if isinstance(by, Operator):
        return Permission(by=by, subject=subject, decision=None)
    now = facts.fresh(by)
    question = ask(facts.of(now), datetime.now(UTC))
    return Permission(
        by=now, subject=subject, decision=decisions.require(question, by=by.id, subject=subject)
    )


def would(by: Person, *, ask: Ask) -> bool:
    """Return whether a page may offer an act: the answer of now, on the ledger only once it is tried."""
    return policy.ask(ask(facts.of(facts.fresh(by)), datetime.now(UTC))).allow
