"""What ends: told 30, 7 and 1 days before, and when it has ended; each stage once, whoever looks when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Max, Q
from django.urls import reverse

from egress_review import shortages
from hub.access.models import Agreement, Approval
from hub.notices import audience
from hub.notices.drafts import Draft, to
from hub.notices.kinds import About
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, Project, ProjectState

STAGES = (1, 7, 30)
MOST_NAMED = 3
ENDED = "ended"
# What ended longer ago than this was either told or never could be.
TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True)
class End:
    """Something that ends after a day, whom that concerns, and what they can do."""

    key: str
    what: str
    last_day: date
    people: tuple[Person, ...]
    then: str
    url: str


def stage(last_day: date, today: date) -> str | None:
    """Return the stage that a last day is in; None while there is nothing to tell."""
    left = (last_day - today).days
    if left < 0:
        return ENDED if today - last_day <= TOLD_FOR else None
    return next((str(days) for days in STAGES if left <= days), None)


def drafts(*, at: datetime) -> list[Draft]:
    """Return what is to be told at a moment of all that ends."""
    today = at.date()
    made = []
    for end in _ends(today):
        now = stage(end.last_day, today)
        if now is not None:
            made += to(end.people, _draft(end, now, today, at))
    return made


def _draft(end: End, now: str, today: date, at: datetime) -> Draft:
    left = (end.last_day - today).days
    if now == ENDED:
        title = f"{end.what} has ended"
    elif left == 0:
        title = f"{end.what} ends today"
    else:
        title = f"{end.what} ends in {left} day{'s' if left != 1 else ''}"
    body = f"The last day {'was' if now == ENDED else 'is'} {end.last_day:%-d %b %Y}. {end.then}"
    key = f"ends:{end.key}:{end.last_day.isoformat()}:{now}"
    return Draft("", About.ENDS, key, title, body, body, end.url, at)


def _ends(today: date) -> Iterator[End]:
    yield from _approvals(today)
    yield from _agreements(today)
    yield from _projects(today)
    yield from _memberships(today)
    yield from _people(today)
    yield from _checkers(today)


def _near(name: str, today: date) -> Q:
    return Q(**{f"{name}__gte": today - TOLD_FOR, f"{name}__lte": today + timedelta(days=max(STAGES))})


def _approvals(today: date) -> Iterator[End]:
    found = Approval.objects.filter(_near("until", today), revoked_at=None)
    for one in found.select_related("project", "version__dataset__steward"):
        steward = one.version.dataset.steward
        yield End(
            key=f"approval:{one.id}",
            what=f"The use of {one.version} in {one.project.title}",
            last_day=one.until,
            people=tuple(audience.members(one.project_id)),
            then=f"After it no session has this data; the lead can ask {steward.name} for more time.",
            url=reverse("access:project", args=[one.project.slug]),
        )
        # A project's page is its members': its steward reads of it among the approvals.
        yield End(
            key=f"approval:{one.id}:steward",
            what=f"The use of {one.version} in {one.project.title}",
            last_day=one.until,
            people=(steward,),
            then="After it no session there has this data; you can prolong it.",
            url=reverse("provisioning:prolong", args=[one.pk]),
        )


def _agreements(today: date) -> Iterator[End]:
    for one in Agreement.objects.filter(_near("until", today)).select_related("project", "dataset__steward"):
        yield End(
            key=f"agreement:{one.pk}",
            what=f"The agreement “{one.title}” of {one.project.title}",
            last_day=one.until,
            people=tuple(audience.members(one.project_id)),
            then=f"After it nobody here can use {one.dataset.title}; ask {one.dataset.steward.name}.",
            url=reverse("access:project", args=[one.project.slug]),
        )


def _projects(today: date) -> Iterator[End]:
    for one in Project.objects.filter(_near("closes_on", today), state=ProjectState.OPEN.value):
        yield End(
            key=f"project:{one.id}",
            what=f"The project {one.title}",
            last_day=one.closes_on,
            people=tuple(audience.members(one.id)),
            then="After it nobody can work in it. Hand in what should leave, or ask for more time.",
            url=reverse("access:project", args=[one.slug]),
        )


def _memberships(today: date) -> Iterator[End]:
    found = Membership.objects.filter(_near("valid_until", today), ended_at=None)
    for one in found.select_related("project", "person"):
        if one.valid_until is not None:
            yield End(
                key=f"membership:{one.pk}",
                what=f"{one.person.name}’s membership in {one.project.title}",
                last_day=one.valid_until,
                people=(*_readers([one.person]), *audience.leads(one.project_id)),
                then="An admin can prolong it; a lead can ask them to.",
                url=reverse("access:project", args=[one.project.slug]),
            )


def _people(today: date) -> Iterator[End]:
    latest = Training.objects.order_by().values("person", "course").annotate(last=Max("valid_until"))
    rows = list(latest.filter(_near("last", today)))
    people = Person.objects.in_bulk([row["person"] for row in rows])
    for row in rows:
        yield End(
            key=f"training:{row['course']}"[:90],
            what=f"Your training “{row['course']}”",
            last_day=row["last"],
            people=tuple(_readers([people[row["person"]]])),
            then="Take the course again and ask an admin to record it.",
            url=reverse("people:account"),
        )
    for held in RoleAssignment.objects.filter(_near("valid_until", today)).select_related("person"):
        if held.valid_until is not None:
            yield End(
                key=f"role:{held.pk}",
                what=f"Your role as {Role(held.role).label}",
                last_day=held.valid_until,
                people=tuple(_readers([held.person])),
                then="An admin can prolong it.",
                url=reverse("people:account"),
            )


def _checkers(today: date) -> Iterator[End]:
    """Yield the checkers whose end leaves projects with too few, told to who can mend that before."""
    missing = {one.project.pk for one in shortages.everywhere()}
    for last, people in shortages.ending(until=today + timedelta(days=max(STAGES))).items():
        short = [
            one for one in shortages.everywhere(on=last + timedelta(days=1)) if one.project.pk not in missing
        ]
        if not short:
            continue
        titles = ", ".join(one.project.title for one in short[:MOST_NAMED])
        more = f" and {len(short) - MOST_NAMED} more" if len(short) > MOST_NAMED else ""
        for person in people:
            yield End(
                key=f"checker:{person.pk}",
                what=f"{person.name}’s time as output checker",
                last_day=last,
                people=tuple(audience.admins()),
                then=f"After it too few are left for {titles}{more}: prolong the role, record the course, or "
                "find others.",
                url=reverse("people:person", args=[person.pk]),
            )


def _readers(people: Iterable[Person]) -> list[Person]:
    return [person for person in people if person.is_active and not person.is_suspended]


def now() -> datetime:
    """Return the moment that ends are told at."""
    return datetime.now(UTC)
