"""Entries for a test: what happened, by whom, when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry


def entry(kind: Kind, *, by: str = "01by", on: str = "01on", at: str = "", **facts: Any) -> Entry:
    """Append an entry, at a time if one is given."""
    when = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    with transaction.atomic():
        return entries.append(kind, by=by, subject=on, facts=facts, at=when)
