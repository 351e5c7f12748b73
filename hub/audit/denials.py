"""What was refused, and why: reasons counted with the names in them left out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from hub.audit import timeline
from hub.audit.filters import Filter
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry

# A reason costs more to read than an entry: a page looks at so many of the newest.
NEWEST = 500
MOST_REASONS = 8
LONGEST_LABEL = 90
# A reason quotes titles and names a steward at its end: neither makes it another reason.
_QUOTED = re.compile(r"“[^”]*”")
_VERSION = re.compile(r"\b(Version|version) \S+ of")
_STEWARD = re.compile(r", [^,;.]{1,80}(?=, what lifts it\.$|, for one\.$|\.$)")


def counted(looked_for: Filter) -> Counter[str]:
    """Return how often each reason was given among the newest denials of the days looked for."""
    whole = timeline.bounds(looked_for)
    rows = Entry.objects.filter(
        kind=Kind.DECISION_DENIED.value, index__gte=whole.low, index__lt=whole.high
    ).order_by("-index")
    counts: Counter[str] = Counter()
    for facts in rows.values_list("facts", flat=True)[:NEWEST]:
        counts.update({plain(reason) for reason in facts.get("reasons", []) if isinstance(reason, str)})
    return counts


@dataclass(frozen=True)
class Ranked:
    """Something that was counted, and how much that is of the commonest."""

    name: str
    count: int
    most: int


def ranked(counts: Counter[str]) -> list[Ranked]:
    """Return the commonest first; the rest is one row."""
    common = counts.most_common(MOST_REASONS)
    rest = sum(counts.values()) - sum(count for _, count in common)
    rows = [*common, ("other reasons", rest)] if rest else common
    most = max((count for _, count in rows), default=0)
    return [Ranked(name, count, most) for name, count in rows]


def plain(reason: str) -> str:
    """Return a reason's first part without the names in it."""
    text = _STEWARD.sub("", _VERSION.sub(r"\1 … of", _QUOTED.sub("“…”", reason)))
    first = text.split(";")[0].rstrip(".")
    return first if len(first) <= LONGEST_LABEL else first[: LONGEST_LABEL - 1] + "…"
