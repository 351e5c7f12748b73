"""The kinds of acts that are written on the ledger."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What happened; the word that an outsider reads in the leaf."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    DECISION_ALLOWED = "decision_allowed"
    DECISION_DENIED = "decision_denied"
    GRANT_ISSUED = "grant_issued"
    SESSION_REQUESTED = "session_requested"
    SESSION_STARTED = "session_started"
    SESSION_ENDED = "session_ended"
    SESSION_FAILED = "session_failed"
    SAVED = "saved"
    GATE_REFUSED = "gate_refused"
    BUDGET_SPENT = "budget_spent"
    HANDED_IN = "handed_in"
    SCREENED = "screened"
    VIEWED = "viewed"
    VOTED = "voted"
    RETURNED = "returned"
    REJECTED = "rejected"
    APPROVED = "approved"
    RELEASED = "released"
    RELEASE_STOPPED = "release_stopped"
    DOWNLOADED = "downloaded"
    WITHDRAWN = "withdrawn"
    PROVISIONED = "provisioned"
    TRAINING_RECORDED = "training_recorded"
    AGREEMENT_SIGNED = "agreement_signed"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_REVOKED = "approval_revoked"
    MEMBERSHIP_CHANGED = "membership_changed"
    ROLE_CHANGED = "role_changed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    POLICY_REVISION = "policy_revision"
    ENCLAVE_STARTED = "enclave_started"
    ERASED = "erased"
    TOKEN_MADE = "token_made"  # noqa: S105 - the name of an act, no secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an act, no secret
