"""From ledger, calendar and what lacks checkers to notices: again after a stop, never twice for one thing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from egress_review import shortages
from hub.ledger.models import Entry
from hub.notices import derive, ends, lacking, overdue
from hub.notices.drafts import keep
from hub.notices.models import Read, ShortageSeen
from hub.projects.models import Project

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


def read_overdue(*, at: datetime) -> None:
    """Make the notices of all that waits for an answer for long.

    Raises Unavailable when the policies don't answer who may give one: it is tried again later.
    """
    made = overdue.drafts(at=at)
    with transaction.atomic():
        keep(made)


def read_shortages(*, at: datetime) -> None:
    """Make the notices of projects that wait for checkers since now, and of those that no longer do."""
    short = {one.project.pk: one for one in shortages.everywhere()}
    seen = set(ShortageSeen.objects.values_list("project_id", flat=True))
    if short.keys() == seen:
        return
    made = lacking.drafts([one for id, one in short.items() if id not in seen], at=at)
    over = seen - short.keys()
    made += lacking.mended(Project.objects.filter(pk__in=over).order_by("title", "pk"), at=at)
    with transaction.atomic():
        ShortageSeen.objects.filter(project__in=over).delete()
        ShortageSeen.objects.bulk_create(
            ShortageSeen(project_id=id, since=at) for id in sorted(short.keys() - seen)
        )
        keep(made)
