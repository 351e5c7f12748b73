"""Reading the enclave's records: a right of some roles, and on the ledger."""

from __future__ import annotations

from typing import Literal

from django.db import transaction

from hub.people import permission
from hub.people.permission import Actor
from hub.policy import questions

Records = Literal[
    "ledger", "people", "projects", "datasets", "sessions", "submissions", "impact", "impact_rounded"
]


def open_for(person: Actor, records: Records) -> None:
    """Let a person read records, or raise Refused; both answers are on the ledger."""
    allowed = permission.to(
        person,
        subject=records,
        ask=lambda asking, at: questions.ReadRecords(person=asking, at=at, records=records),
    )
    with transaction.atomic():
        allowed.use()
