"""Asking the past again: what today's policies would have said to yesterday's questions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from hub import policy
from hub.errors import Unavailable
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.ledger.models import Decision, Entry
from hub.policy import schemas


@dataclass(frozen=True)
class Change:
    """A past decision, and today's answer, which is another.

    `other_facts` names what today's questions hold and the past one does not, or the other way round: where
    there are any, a refusal says that only, and nothing about what happened then.
    """

    past: Decision
    now: policy.Decision
    other_facts: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """What was asked for, as package and action."""
        return f"{self.past.package}.{(self.past.question or {}).get('action', '')}"


def changes() -> Iterator[Change]:
    """Yield the past decisions that today's rules would decide otherwise, about the facts of then."""
    for past in Decision.objects.exclude(question=None).exclude(revision="").order_by("asked_at").iterator():
        now = policy.ask_again(past.package, past.question)
        if not now.revision:
            raise Unavailable("The policy engine did not answer; start the enclave and ask again.")
        if now.allow != past.allow:
            yield Change(past, now, schemas.other_facts(past.package, past.question))


def record_revision() -> Entry | None:
    """Put the policies' revision on the ledger; None when the last one recorded is the same."""
    revision = policy.revision()
    with transaction.atomic():
        last = Entry.objects.filter(kind=Kind.POLICY_REVISION.value).order_by("-index").first()
        if last is not None and json.loads(bytes(last.leaf))["public"]["revision"] == revision:
            return None
        return entries.append(
            Kind.POLICY_REVISION,
            by="enclave",
            subject="policies",
            facts={"revision": revision},
            public={"revision": revision},
        )
