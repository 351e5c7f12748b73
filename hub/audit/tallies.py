"""Entries a day: counted once, kept, and continued with what is newer; exact at every look."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from threading import Event

from django.db import transaction
from django.db.models import Count, TextField
from django.db.models.functions import Cast, Substr

from hub import control_loop, plots
from hub.audit import timeline
from hub.audit.models import Counted, Tally
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry

log = logging.getLogger("parlatory.worker")

KEEP_EVERY_SECONDS = 60.0
# What is newer than this is counted at each look; beyond it, the count is kept.
UNKEPT_ENTRIES = 5_000
BATCH_ENTRIES = 200_000
DAYS_BY_DAY, DAYS_BY_WEEK = 62, 400
GROUPS: dict[str, tuple[Kind, ...]] = {
    "Signing in and out": (Kind.SIGNED_IN, Kind.SIGN_IN_REFUSED, Kind.SIGNED_OUT),
    "Decisions allowed": (Kind.DECISION_ALLOWED,),
    "Decisions refused": (Kind.DECISION_DENIED, Kind.GATE_REFUSED),
    "Sessions": (
        Kind.GRANT_ISSUED,
        Kind.SESSION_REQUESTED,
        Kind.SESSION_STARTED,
        Kind.SESSION_ENDED,
        Kind.SESSION_FAILED,
        Kind.SAVED,
        Kind.BUDGET_SPENT,
    ),
    "What was handed in and left": (
        Kind.HANDED_IN,
        Kind.SCREENED,
        Kind.VOTED,
        Kind.RETURNED,
        Kind.REJECTED,
        Kind.APPROVED,
        Kind.RELEASED,
        Kind.RELEASE_STOPPED,
        Kind.DOWNLOADED,
        Kind.WITHDRAWN,
    ),
    "People, projects and data": (
        Kind.PROVISIONED,
        Kind.TRAINING_RECORDED,
        Kind.AGREEMENT_SIGNED,
        Kind.APPROVAL_GIVEN,
        Kind.APPROVAL_REVOKED,
        Kind.MEMBERSHIP_CHANGED,
        Kind.ROLE_CHANGED,
        Kind.SUSPENDED,
        Kind.RESUMED,
    ),
}
ELSE = "Everything else"

Counts = Counter[tuple[date, str]]


def between(first: date, last: date) -> Counts:
    """Return how many entries of each kind each day from the first to the last had."""
    size = timeline.size()
    reached = _reached()
    if size - reached > UNKEPT_ENTRIES:
        reached = keep(size)
    kept = Tally.objects.filter(day__gte=first, day__lte=last).values_list("day", "kind", "count")
    counts: Counts = Counter({(day, kind): count for day, kind, count in kept})
    for (day, kind), count in _count(reached, size).items():
        if first <= day <= last:
            counts[(day, kind)] += count
    return counts


def keep(size: int) -> int:
    """Count the entries below `size` that are not counted yet, and keep the counts; return how far it is."""
    while (reached := _reached()) < size:
        end = min(size, reached + BATCH_ENTRIES)
        counts = _count(reached, end)
        with transaction.atomic():
            state, _ = Counted.objects.select_for_update().get_or_create(name="entries")
            if state.size != reached:
                # Somebody else counted these meanwhile.
                continue
            _add(counts)
            Counted.objects.filter(name="entries").update(size=end)
    return reached


def run(stop: Event) -> None:
    """Keep the counts, beside the worker's screenings, until told to stop: no page has to count far."""
    control_loop.run(
        lambda: keep(timeline.size()),
        stop=stop,
        every_seconds=KEEP_EVERY_SECONDS,
        log=log,
        failed="tallies_not_kept reason=%s",
    )


def _add(counts: Counts) -> None:
    """Add counts to those that are kept: new days at once, known ones each."""
    days = {day for day, _ in counts}
    if not days:
        return
    known = {
        (tally.day, tally.kind): tally
        for tally in Tally.objects.filter(day__gte=min(days), day__lte=max(days))
    }
    Tally.objects.bulk_create(
        [
            Tally(day=day, kind=kind, count=count)
            for (day, kind), count in counts.items()
            if (day, kind) not in known
        ]
    )
    for place in counts.keys() & known.keys():
        known[place].count += counts[place]
    Tally.objects.bulk_update([known[place] for place in counts.keys() & known.keys()], ["count"], 200)


def drawn(title: str, counts: Counts, first: date, last: date, kinds: Iterable[str] = ()) -> plots.Plot:
    """Return a plot of entries a day, or a week or month where that would be too many bars."""
    wanted = set(kinds)
    amounts = {label: 0.0 for label in (_label(day, first, last) for day in _days(first, last))}
    for (day, kind), count in counts.items():
        if not wanted or kind in wanted:
            amounts[_label(day, first, last)] += count
    return plots.bars(title, list(amounts.items()))


def grouped(counts: Counts, first: date, last: date) -> list[plots.Plot]:
    """Return a plot for each group of kinds that had an entry."""
    named = {kind.value for kinds in GROUPS.values() for kind in kinds}
    others = {kind for _, kind in counts} - named
    groups = [(title, {kind.value for kind in kinds}) for title, kinds in GROUPS.items()]
    made = [drawn(title, counts, first, last, kinds) for title, kinds in [*groups, (ELSE, others)] if kinds]
    return [plot for plot in made if not plot.is_empty]


def _label(day: date, first: date, last: date) -> str:
    days = (last - first).days
    if days <= DAYS_BY_DAY:
        return f"{day:%-d %b}"
    if days <= DAYS_BY_WEEK:
        return f"{max(first, day - timedelta(days=day.weekday())):%-d %b}"
    return f"{day:%b %Y}"


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _reached() -> int:
    found = Counted.objects.filter(name="entries").values_list("size", flat=True).first()
    return found or 0


def _count(low: int, high: int) -> Counts:
    """Count entries by the day that their time is written with, which is UTC."""
    if low >= high:
        return Counter()
    rows = Entry.objects.filter(index__gte=low, index__lt=high)
    days = rows.annotate(day=Substr(Cast("at", TextField()), 1, 10)).order_by()
    found = days.values("day", "kind").annotate(count=Count("index")).values_list("day", "kind", "count")
    return Counter({(date.fromisoformat(day), kind): count for day, kind, count in found})
