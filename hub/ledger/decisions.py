"""Policy decisions on the ledger: asked with no transaction open, written down before they are acted on."""

from __future__ import annotations

import json
import logging
import secrets

from django.db import transaction

from hub import meters, policy, trace
from hub.errors import Refused
from hub.ledger import clock, entries
from hub.ledger.canonical import canonical
from hub.ledger.kinds import Kind
from hub.ledger.models import Decision, Entry

log = logging.getLogger(__name__)


def require(question: policy.questions.Question, *, by: str, subject: str) -> policy.Decision:
    """Ask; return an allow for the caller to record, or write a denial down on its own and raise Refused.

    Call it with no transaction open: a denial must stay on the ledger although the caller's work is undone.
    """
    clock.require()
    decision = policy.ask(question)
    if decision.allow:
        return decision
    with transaction.atomic(durable=True):
        record(decision, by=by, subject=subject)
    raise Refused(decision.reasons)


def record(decision: policy.Decision, *, by: str, subject: str) -> Decision:
    """Write a decision down in the caller's transaction, before that transaction acts on it."""
    salt = secrets.token_bytes(entries.SALT_BYTES)
    digest = entries.commitment(salt, canonical(decision.question))
    entry = _append(decision, by=by, subject=subject, digest=digest)
    row = Decision(
        id=decision.id,
        package=decision.package,
        question=json.loads(canonical(decision.question)),
        allow=decision.allow,
        reasons=list(decision.reasons),
        revision=decision.revision,
        salt=salt,
        digest=digest,
        asked_at=decision.asked_at,
        entry=entry,
    )
    row.save()
    action = str(decision.question.get("action", ""))
    allowed = "yes" if decision.allow else "no"
    meters.DECISIONS.labels(decision.package, action, allowed).inc()
    log.info(
        "decision_recorded decision=%s package=%s action=%s allowed=%s entry=%s",
        decision.id,
        decision.package,
        action,
        decision.allow,
        entry.index,
    )
    return row


def is_faithful(row: Decision) -> bool:
    """Return whether the kept question has its digest on the ledger; an erased one is not judged."""
    public = json.loads(bytes(row.entry.leaf)).get("public", {})
    said = {"decision": row.id, "digest": row.digest, "revision": row.revision, "allow": row.allow}
    if any(public.get(name) != value for name, value in said.items()):
        return False
    if row.question is None:
        return True
    return entries.commitment(bytes(row.salt), canonical(row.question)) == row.digest


def _append(decision: policy.Decision, *, by: str, subject: str, digest: str) -> Entry:
    return entries.append(
        Kind.DECISION_ALLOWED if decision.allow else Kind.DECISION_DENIED,
        by=by,
        subject=subject,
        facts={
            "reasons": list(decision.reasons),
            "action": decision.question.get("action", ""),
            # The lines of every log about the same request carry it, too.
            "request": trace.current(),
        },
        public={
            "decision": decision.id,
            "package": decision.package,
            "revision": decision.revision,
            "allow": decision.allow,
            "digest": digest,
        },
    )
