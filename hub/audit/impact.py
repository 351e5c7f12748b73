"""What the enclave achieves: how long results take, what waits, who uses what, and what is refused."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count

from egress_review.models import Finding, Release, Severity, Submission
from egress_review.states import State
from hub import plots
from hub.datasets.models import DatasetVersion
from hub.workspaces.models import Session

# Below this a count may point at a person; rounded figures say that it is small, not how small.
SMALL = 5
MOST_BARS = 10
SHORT_HOURS = 2
AGES = ((4, "under 4 h"), (24, "4 h to 1 day"), (72, "1 to 3 days"), (168, "3 to 7 days"))
OLDEST = "over 7 days"


@dataclass
class Use:
    """How much something was used."""

    sessions: int = 0
    hours: float = 0.0
    releases: int = 0


@dataclass
class Uses:
    """Use by dataset and by institution."""

    datasets: dict[str, Use] = field(default_factory=lambda: defaultdict(Use))
    institutions: dict[str, Use] = field(default_factory=lambda: defaultdict(Use))


@dataclass(frozen=True)
class Row:
    """A line of a table of use, in words that may be exact or rounded."""

    name: str
    sessions: str
    hours: str
    releases: str


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all is not above; of none it is 0."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def times(since: datetime, until: datetime, *, exact: bool) -> tuple[plots.Plot, plots.Plot]:
    """Return the hours from hand-in to release, half and nine tenths of them, by the week of release."""
    found = Release.objects.filter(released_at__gte=since, released_at__lte=until)
    weeks: dict[date, list[float]] = {monday: [] for monday in _mondays(since.date(), until.date())}
    for released, submitted in found.values_list("released_at", "submission__submitted_at"):
        weeks[_monday(released.date())].append((released - submitted).total_seconds() / 3600)
    # Nothing is known of a week in which nothing left: it is no week of no waiting.
    shown = {week: hours for week, hours in weeks.items() if len(hours) >= (1 if exact else SMALL)}
    # Where nothing took long, hours would all be written as nothing.
    short = all(max(hours) < SHORT_HOURS for hours in shown.values() if hours)
    unit, by = ("minutes", 60) if short else ("h", 1)
    half, most = (
        plots.line(
            title,
            [(f"{week:%-d %b}", by * percentile(hours, share)) for week, hours in shown.items()],
            unit=unit,
        )
        for title, share in (
            ("Half were released within", 0.5),
            ("Nine in ten were released within", 0.9),
        )
    )
    return half, most


def ages(now: datetime, *, exact: bool) -> plots.Plot:
    """Return how long what waits for votes has waited."""
    counts = dict.fromkeys([*(label for _, label in AGES), OLDEST], 0)
    for submitted in Submission.objects.filter(state=State.IN_REVIEW).values_list("submitted_at", flat=True):
        hours = (now - submitted).total_seconds() / 3600
        counts[next((label for limit, label in AGES if hours < limit), OLDEST)] += 1
    return plots.bars("What waits for votes, by age", _amounts(counts.items(), exact=exact))


def outcomes(since: datetime, *, exact: bool) -> plots.Plot:
    """Return what became of what was handed in."""
    found = Submission.objects.filter(submitted_at__gte=since).order_by().values("state")
    counts = {one["state"]: one["count"] for one in found.annotate(count=Count("pk"))}
    named = [(state.label, counts[state.value]) for state in State if state.value in counts]
    return plots.bars("What became of what was handed in", _amounts(named, exact=exact))


def blocked(since: datetime) -> Counter[str]:
    """Return how many submissions each check blocked."""
    found = Finding.objects.filter(severity=Severity.BLOCK, submission__submitted_at__gte=since)
    checks = found.order_by().values("check_name").annotate(count=Count("submission", distinct=True))
    return Counter({one["check_name"].replace("_", " "): one["count"] for one in checks})


def uses(since: datetime, now: datetime) -> Uses:
    """Return sessions, their hours and releases, by dataset and by institution."""
    titles = dict(DatasetVersion.objects.values_list("pk", "dataset__title"))
    used = Uses()
    sessions = Session.objects.filter(started_at__gte=since)
    for versions, institution, started, ended in sessions.values_list(
        "versions", "workspace__person__institution__name", "started_at", "ended_at"
    ):
        if started is None:
            continue
        hours = ((ended or now) - started).total_seconds() / 3600
        for use in _of(used, titles, versions, institution):
            use.sessions += 1
            use.hours += hours
    released = Release.objects.filter(released_at__gte=since)
    for versions, institution in released.values_list(
        "submission__session__versions", "submission__author__institution__name"
    ):
        for use in _of(used, titles, versions, institution):
            use.releases += 1
    return used


def rows(used: dict[str, Use], *, exact: bool) -> list[Row]:
    """Return a table of use, the most used first."""
    ordered = sorted(used.items(), key=lambda one: (-one[1].sessions, one[0]))
    return [
        Row(
            name=name,
            sessions=shown(use.sessions, exact=exact),
            hours=f"{use.hours:,.1f}" if exact else _hours(use),
            releases=shown(use.releases, exact=exact),
        )
        for name, use in ordered
    ]


def drawn(title: str, used: dict[str, Use], *, exact: bool) -> plots.Plot:
    """Return the most used as bars of their sessions."""
    ordered = sorted(used.items(), key=lambda one: (-one[1].sessions, one[0]))[:MOST_BARS]
    amounts = _amounts([(name, use.sessions) for name, use in ordered], exact=exact)
    return plots.bars(title, amounts, unit="sessions")


def rounded(count: int) -> int:
    """Return a count to the nearest five; a small one is nothing."""
    return 0 if count < SMALL else 5 * round(count / 5)


def shown(count: int, *, exact: bool) -> str:
    """Return a count in words: as it is, or rounded and without small ones."""
    if exact:
        return f"{count:,}"
    return f"fewer than {SMALL}" if count < SMALL else f"about {rounded(count):,}"


def _amounts(counts: Iterable[tuple[str, int]], *, exact: bool) -> list[tuple[str, float]]:
    return [(name, float(count if exact else rounded(count))) for name, count in counts]


def _hours(use: Use) -> str:
    return (
        f"fewer than {SMALL}"
        if use.sessions < SMALL or use.hours < SMALL
        else f"about {rounded(int(use.hours)):,}"
    )


def _of(used: Uses, titles: dict[str, str], versions: object, institution: str) -> list[Use]:
    mounted = versions if isinstance(versions, list) else []
    names = {titles[one] for one in mounted if isinstance(one, str) and one in titles}
    return [*(used.datasets[name] for name in sorted(names)), used.institutions[institution]]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _mondays(first: date, last: date) -> list[date]:
    begin = _monday(first)
    return [begin + timedelta(weeks=number) for number in range((last - begin).days // 7 + 1)]
