"""Receipts: what left, from what, who decided, under which rules, and where the ledger says so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from egress_review.models import File, Finding, Release, Submission
from hub import policy
from hub.ledger.entries import canonical
from hub.people.models import Role
from hub.places import places

HOW_TO_VERIFY = (
    "receipt_sha256 is the SHA-256 of `document` as JSON with sorted keys, without spaces, in UTF-8. "
    "The ledger's entry at `entry_index` holds it under public.receipt_sha256; the entry is proved by the "
    "ledger's signed checkpoint (C2SP tlog-tiles). A file is the one that was released if its SHA-256 is "
    "the one under `released`."
)


def document(release: Release, *, files: Iterable[File], decision: policy.Decision | None) -> dict[str, Any]:
    """Return what a receipt says; every value is fixed when the release is made."""
    submission = release.submission
    return {
        "version": 1,
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
    }


def digest(document: Mapping[str, Any]) -> str:
    """Return the hash that stands for a receipt on the ledger."""
    return hashlib.sha256(canonical(document)).hexdigest()


def sealed(document: dict[str, Any], *, entry_index: int) -> dict[str, Any]:
    """Return the receipt as it is kept: the document, its hash and where the ledger holds that."""
    return {
        "document": document,
        "receipt_sha256": digest(document),
        "ledger": {"entry_index": entry_index, "url": f"{places.portal_url}/ledger/"},
        "how_to_verify": HOW_TO_VERIFY,
    }


def holds(receipt: Mapping[str, Any]) -> bool:
    """Tell whether a receipt's document is still the one its hash was made of."""
    return bool(digest(receipt["document"]) == receipt["receipt_sha256"])


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
