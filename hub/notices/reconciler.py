"""From the ledger and the calendar to notices: again after a stop, never twice for the same thing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from hub.ledger.models import Entry
from hub.notices import derive, ends
from hub.notices.drafts import keep
from hub.notices.models import Read

BATCH = 100


def read_ledger() -> int:
    """Make the notices of the next entries; return how many entries were read.

    The place moves in the transaction that keeps the notices: a stop in between loses and doubles nothing.
    Raises Unavailable when the policies don't answer who may vote: the entry is read again later.
    """
    place, _ = Read.objects.get_or_create(name="ledger")
    last = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    rows = Entry.objects.filter(index__gte=place.index, kind__in=derive.KINDS).order_by("index")
    found = list(rows.defer("leaf", "leaf_hash")[:BATCH])
    for entry in found:
        made = derive.drafts(entry)
        with transaction.atomic():
            keep(made)
            Read.objects.filter(name="ledger").update(index=entry.index + 1)
    if len(found) < BATCH and last is not None and last >= place.index:
        # Nothing that anybody is told of lies between: the next look begins behind it.
        Read.objects.filter(name="ledger", index__lte=last).update(index=last + 1)
    return len(found)


def read_calendar(*, at: datetime) -> None:
    """Make the notices of all that ends, or has ended."""
    made = ends.drafts(at=at)
    with transaction.atomic():
        keep(made)
