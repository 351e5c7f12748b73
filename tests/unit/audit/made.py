"""Entries for a test: what happened, by whom, when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import time_machine
from django.db import transaction

from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry


def entry(kind: Kind, *, by: str = "01by", on: str = "01on", at: str = "", **facts: Any) -> Entry:
    """Append an entry, at a time if one is given."""
    if not at:
        with transaction.atomic():
            return entries.append(kind, by=by, subject=on, facts=facts)
    with (
        time_machine.travel(datetime.fromisoformat(at).replace(tzinfo=UTC), tick=False),
        transaction.atomic(),
    ):
        return entries.append(kind, by=by, subject=on, facts=facts)
