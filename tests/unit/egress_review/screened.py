"""A screening without an engine: what a screener answers, and one that is claimed and done."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from egress_review import screenings
from egress_review.models import Submission
from egress_review.screenings import Bench
from tests.unit.egress_review.factories import CANONICAL
from tests.unit.egress_review.stand_ins import FakeScreener

Document = dict[str, Any]


def verdict(of: Submission, **changes: Any) -> Document:
    """Return a verdict that lets every file pass."""
    document: Document = {
        "version": 2,
        "outcome": "pass",
        "files": [
            {
                "id": file.id,
                "kind": "table",
                "media_type": "text/csv",
                "canonical": True,
                "canonical_name": file.name,
                "canonical_bits": 13.5,
            }
            for file in of.files.all()
        ],
        "findings": [],
    }
    return {**document, **changes}


def finding(severity: str, file: str | None = None) -> Document:
    """Return a finding as the screener writes it."""
    return {"file": file, "check": "cells", "severity": severity, "where": "", "message": "It is.", "fix": ""}


def answer(screener: FakeScreener, of: Submission, document: Document) -> None:
    """Let the screener leave a verdict and canonical copies."""
    screener.files = {file.id: CANONICAL for file in of.files.all()}
    screener.files["verdict.json"] = json.dumps(document).encode()


def screen(bench: Bench) -> Submission:
    """Claim and screen what is due."""
    claimed = screenings.claim(worker="w1", at=datetime.now(UTC))
    assert claimed is not None
    screenings.screen(claimed, bench=bench)
    claimed.refresh_from_db()
    return claimed
