"""The ledger's entries as a timeline: one page at a time, as fast at a million entries as at ten."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from hub.audit.filters import Filter
from hub.ledger.models import AppendOnlyQuerySet, Entry

PAGE_SIZE = 50
# No index helps to find words in facts: one page looks at so many entries, and says how far it came.
SEARCHED_AT_ONCE = 50_000
# A clock that was set back leaves entries with an earlier time behind later ones: look a little further.
CLOCK_SLACK_ENTRIES = 1_000


@dataclass(frozen=True)
class Page:
    """Entries, the newest first, and where the next page begins on either side."""

    rows: tuple[Entry, ...]
    older: int | None
    newer: int | None
    # How far back a search for words came, when it stopped before the end.
    searched_to: int | None = None


@dataclass(frozen=True)
class Range:
    """The entries that may be looked at: from `low` to below `high`."""

    low: int
    high: int


def page(looked_for: Filter, *, before: int | None = None, after: int | None = None) -> Page:
    """Return a page of what is looked for: the newest, or what lies before or after an entry."""
    whole = bounds(looked_for)
    if after is not None and before is None:
        return _newer(looked_for, whole, after)
    return _older(looked_for, whole, whole.high if before is None else min(before, whole.high), before)


def _older(looked_for: Filter, whole: Range, high: int, before: int | None) -> Page:
    low = max(whole.low, high - SEARCHED_AT_ONCE) if looked_for.text else whole.low
    found = _found(looked_for, Range(low, high), newest_first=True)
    rows = tuple(found[:PAGE_SIZE])
    newer = rows[0].index if rows and before is not None else None
    if len(found) > PAGE_SIZE:
        return Page(rows, older=rows[-1].index, newer=newer)
    stopped = low if low > whole.low else None
    return Page(rows, older=stopped, newer=newer, searched_to=stopped)


def _newer(looked_for: Filter, whole: Range, after: int) -> Page:
    low = max(whole.low, after + 1)
    high = min(whole.high, low + SEARCHED_AT_ONCE) if looked_for.text else whole.high
    found = _found(looked_for, Range(low, high), newest_first=False)
    rows = tuple(reversed(found[:PAGE_SIZE]))
    more = rows[0].index if len(found) > PAGE_SIZE else None
    if more is None and high < whole.high:
        more = high - 1
    return Page(rows, older=rows[-1].index if rows else after + 1, newer=more)


def _found(looked_for: Filter, within: Range, *, newest_first: bool) -> list[Entry]:
    """Return up to a page and one; each branch is one walk along one index, the branches are merged."""
    kinds = looked_for.kinds or (None,)
    sides = ({"by": looked_for.person}, {"subject": looked_for.person}) if looked_for.person else ({},)
    found: dict[int, Entry] = {}
    for kind in kinds:
        for side in sides:
            rows = _matching(looked_for, within).filter(**side)
            if kind is not None:
                rows = rows.filter(kind=kind.value)
            ordered = rows.order_by("-index" if newest_first else "index")
            found |= {row.index: row for row in ordered[: PAGE_SIZE + 1]}
    return sorted(found.values(), key=lambda row: row.index, reverse=newest_first)[: PAGE_SIZE + 1]


def _matching(looked_for: Filter, within: Range) -> AppendOnlyQuerySet:
    rows = Entry.objects.filter(index__gte=within.low, index__lt=within.high).defer("leaf", "leaf_hash")
    if looked_for.subject:
        rows = rows.filter(subject=looked_for.subject)
    if looked_for.begins_at:
        rows = rows.filter(at__gte=looked_for.begins_at)
    if looked_for.ends_at:
        rows = rows.filter(at__lte=looked_for.ends_at)
    if looked_for.text:
        rows = rows.annotate(said=Cast("facts", TextField())).filter(said__icontains=_stored(looked_for.text))
    return rows


def _stored(words: str) -> str:
    """Return words as they stand in the facts' column, where SQLite keeps other letters escaped."""
    return json.dumps(words, ensure_ascii=connection.vendor == "sqlite")[1:-1]


def bounds(looked_for: Filter) -> Range:
    """Return between which entries the days looked for lie: two looks at the index of times."""
    low, high = 0, size()
    if looked_for.begins_at:
        first = _index(looked_for.begins_at, newest=False)
        low = high if first is None else max(0, first - CLOCK_SLACK_ENTRIES)
    if looked_for.ends_at:
        last = _index(looked_for.ends_at, newest=True)
        high = 0 if last is None else min(high, last + 1 + CLOCK_SLACK_ENTRIES)
    return Range(low, high)


def _index(at: datetime, *, newest: bool) -> int | None:
    rows = Entry.objects.filter(at__lte=at).order_by("-at") if newest else None
    if rows is None:
        rows = Entry.objects.filter(at__gte=at).order_by("at")
    found: int | None = rows.values_list("index", flat=True).first()
    return found


def size() -> int:
    """Return how many entries there are."""
    last: int | None = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1
