"""Receipts: what left, from what, who decided, under which rules, and where the ledger says so."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from egress_review.models import File, Finding, Release, Submission
from hub import policy
from hub.errors import Unavailable
from hub.ledger import audit, publisher, receipt
from hub.ledger.checkpoint import CheckpointRefused
from hub.ledger.proofs import Proof
from hub.people.models import Role
from hub.places import places

HOW_TO_VERIFY = (
    "`python3 -m hub ledger receipt FILE --files DIR` checks all of this; where there is no enclave, "
    "`python3 -m hub.ledger.receipt FILE --files DIR --key KEY` does. By hand: receipt_sha256 is the SHA-256 "
    "of `document` as JSON with sorted keys, without spaces, in UTF-8. `ledger.leaf` is the ledger's entry "
    "and holds it under public.receipt_sha256. `ledger.proof` (C2SP tlog-proof) leads from the entry to the "
    "root that the ledger's key signed. A file is the one that was released if its SHA-256 is the one under "
    "`released`."
)
# Publishing takes well under a second; a ledger that cannot be published is not waited for.
PUBLISHED_WITHIN_SECONDS = 5.0
AGAIN_SECONDS = 0.25
NOT_YET = (
    "The ledger has not published this release yet, so its receipt cannot be proved. Try again in a minute; "
    "if it stays so, tell an admin."
)
UNSOUND = (
    "The ledger's published files do not fit its records, so nothing can be proved by them. Tell an admin."
)


def document(release: Release, *, files: Iterable[File], decision: policy.Decision | None) -> dict[str, Any]:
    """Return what a receipt says; every value is fixed when the release is made."""
    submission = release.submission
    return {
        "version": 2,
        "release": release.id,
        "released_at": _at(release.released_at),
        "submission": {
            "id": submission.id,
            "title": submission.title,
            "handed_in_at": _at(submission.submitted_at),
            "screened_at": _at(submission.screened_at),
            "decided_at": _at(submission.decided_at),
            "author": {"id": submission.author_id, "name": submission.author.name},
        },
        "project": {"id": submission.project_id, "title": submission.project.title},
        "files": [_file(file) for file in files],
        "findings": _findings(submission),
        "reviews": [
            {
                "reviewer": {"id": review.reviewer_id, "name": review.reviewer.name},
                "role": Role.OUTPUT_CHECKER.value,
                "vote": review.vote,
                "voted_at": _at(review.voted_at),
                "decision": review.decision_id,
            }
            for review in submission.reviews.select_related("reviewer").order_by("voted_at")
        ],
        "decision": decision.id if decision else None,
        "policy_revision": decision.revision if decision else None,
        "ledger_url": f"{places.portal_url}/ledger/",
        "how_to_verify": HOW_TO_VERIFY,
    }


def sealed(document: dict[str, Any], *, entry_index: int) -> dict[str, Any]:
    """Return the receipt as it is kept: the document, its hash and where the ledger holds that."""
    return {
        "document": document,
        "receipt_sha256": receipt.digest(document),
        "ledger": {"entry_index": entry_index},
    }


def proved(release: Release) -> str:
    """Return the receipt as it leaves, proof included; before a signed checkpoint covers it none leaves."""
    kept = release.receipt
    try:
        leaf, proof = _proof(kept["ledger"]["entry_index"])
    except (publisher.HistoryChanged, CheckpointRefused) as error:
        raise Unavailable(UNSOUND) from error
    return receipt.proved(kept["document"], leaf=leaf, proof=proof)


def _proof(index: int) -> tuple[bytes, Proof]:
    """Return an entry and its proof: published now if it is not yet, or soon by whoever is publishing."""
    end = time.monotonic() + PUBLISHED_WITHIN_SECONDS
    while (found := audit.portable(index)) is None:
        if time.monotonic() > end:
            raise Unavailable(NOT_YET)
        if publisher.publish() is None:
            time.sleep(AGAIN_SECONDS)
    return found


def _file(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "name": file.canonical_name,
        "media_type": file.media_type,
        "handed_in": {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes},
        "released": {"sha256": file.canonical_sha256, "bytes": file.canonical_size_bytes},
    }


def _findings(submission: Submission) -> dict[str, int]:
    severities = list(Finding.objects.filter(submission=submission).values_list("severity", flat=True))
    return {severity: severities.count(severity) for severity in sorted(set(severities))}


def _at(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
