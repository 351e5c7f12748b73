"""Who can reach what, now and at the end of any past day: the policies are asked, with the facts of then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import cast

from django.db.models import Max, Q

from hub import policy
from hub.access.models import Agreement
from hub.audit import replay, timeline, world
from hub.audit.filters import Filter
from hub.audit.world import Leave, Promise, Someone, Way, World
from hub.datasets.models import Dataset, DatasetVersion
from hub.errors import Unavailable
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.people.facts import second_factor_waived
from hub.people.models import Person
from hub.policy import facts, questions
from hub.projects.models import Project

PAGE_SIZE = 50
# Whoever wants to see open ways only has that many asked about for one page.
MOST_A_PAGE = 300


@dataclass(frozen=True)
class Reach:
    """A way to data, and what the policies say of it."""

    person: Person
    project: Project
    version: DatasetVersion
    open: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Ways in order; `next` is where the following page begins, None at the end."""

    rows: tuple[Reach, ...]
    next: int | None
    ways: int


@dataclass
class Moment:
    """The facts of a moment, with the rows that give them their names."""

    at: datetime
    world: World
    erased: int
    unclear: int
    people: dict[str, Person]
    projects: dict[str, Project]
    versions: dict[str, DatasetVersion]
    # How far the ledger is read, for what only a sign-in says; None now, when the database says it.
    below: int | None = None
    # Whose last sign-in before that is read.
    read: set[str] = field(default_factory=set)

    @cached_property
    def given(self) -> dict[tuple[str, str], list[tuple[str, Leave]]]:
        """The approvals of each project and version."""
        found: dict[tuple[str, str], list[tuple[str, Leave]]] = {}
        for id, one in self.world.approvals.items():
            found.setdefault((one.project, one.version), []).append((id, one))
        return found

    @cached_property
    def promised(self) -> dict[tuple[str, str], list[tuple[str, Promise]]]:
        """The agreements of each project and dataset."""
        found: dict[tuple[str, str], list[tuple[str, Promise]]] = {}
        for id, one in self.world.agreements.items():
            found.setdefault((one.project, one.dataset), []).append((id, one))
        return found

    def ways(self, *, person: str = "", project: str = "", dataset: str = "") -> list[Way]:
        """Return the ways there may be, by project, person and dataset as they are called."""
        found = [
            way
            for way in self.world.ways()
            if (not person or way.person == person)
            and (not project or way.project == project)
            and way.version in self.versions
            and way.person in self.people
            and way.project in self.projects
            and (not dataset or self.versions[way.version].dataset_id == dataset)
        ]
        return sorted(found, key=self._order)

    def _order(self, way: Way) -> tuple[str, str, str, Way]:
        version = self.versions[way.version]
        return (self.projects[way.project].title, self.people[way.person].name, str(version), way)

    def asked(self, ways: Sequence[Way]) -> Iterator[Reach]:
        """Yield whether a session could start on each way at this moment, asked of the policies."""
        for start in range(0, len(ways), policy.AT_ONCE):
            some = ways[start : start + policy.AT_ONCE]
            _read_sign_ins(self, some)
            decisions = policy.ask_at_once([question(self, way) for way in some])
            for way, decision in zip(some, decisions, strict=True):
                yield self._reach(way, decision)

    def _reach(self, way: Way, decision: policy.Decision) -> Reach:
        if not decision.allow and not decision.revision:
            raise Unavailable(policy.UNANSWERED)
        return Reach(
            person=self.people[way.person],
            project=self.projects[way.project],
            version=self.versions[way.version],
            open=decision.allow,
            reasons=decision.reasons,
        )


def moment(day: date | None, *, now: datetime) -> Moment:
    """Return the facts at the end of a past day, from the ledger; without a day or today, those of now."""
    names = _names()
    if day is None or day >= now.date():
        return Moment(now, world.present(), 0, 0, *names)
    at = datetime.combine(day, time.max, UTC)
    below = timeline.bounds(Filter(until=day)).high
    acts = Entry.objects.filter(kind__in=replay.KINDS, index__lt=below, at__lte=at).order_by("index")
    past = replay.replay(acts.defer("leaf", "leaf_hash").iterator(2_000))
    _fill(past.world)
    return Moment(at, past.world, past.erased, past.unclear, *names, below=below)


def _names() -> tuple[dict[str, Person], dict[str, Project], dict[str, DatasetVersion]]:
    """Return the rows that give ids their names, each read once, with what is shown or asked about."""
    # A version's dataset and a dataset's steward are there before them, so they are read after them.
    versions = DatasetVersion.objects.only("version", "dataset").in_bulk()
    datasets = Dataset.objects.only("slug", "title", "tier", "steward").in_bulk()
    projects = Project.objects.only("slug", "title", "purpose", "opens_on", "closes_on").in_bulk()
    people = Person.objects.only("name", "email", "is_demo").in_bulk()
    for dataset in datasets.values():
        dataset.steward = people[dataset.steward_id]
    for version in versions.values():
        version.dataset = datasets[version.dataset_id]
    return people, projects, versions


def _fill(past: World) -> None:
    """Give agreements from before the ledger kept their last days the day that the register says."""
    silent = [id for id, one in past.agreements.items() if one.until is None and id.isdigit()]
    for agreement in Agreement.objects.filter(pk__in=silent):
        past.agreements[str(agreement.pk)] = replace(
            past.agreements[str(agreement.pk)], until=agreement.until
        )


def page(at: Moment, ways: Sequence[Way], *, start: int, only_open: bool) -> Page:
    """Return a page of ways from a place on; of open ones only, as many as one look may ask about."""
    rows: list[Reach] = []
    most = MOST_A_PAGE if only_open else PAGE_SIZE
    place = start
    for reach in at.asked(ways[start : start + most]):
        place += 1
        if reach.open or not only_open:
            rows.append(reach)
        if len(rows) == PAGE_SIZE:
            break
    return Page(tuple(rows), next=place if place < len(ways) else None, ways=len(ways))


def everything(at: Moment, ways: Sequence[Way]) -> Iterator[Reach]:
    """Yield what the policies say of each way, some at a time."""
    _read_sign_ins(at, ways)
    yield from at.asked(ways)


def question(at: Moment, way: Way) -> questions.StartSession:
    """Return what the policies are asked when somebody starts a session with this version alone."""
    project = at.projects[way.project]
    there = at.world.projects.get(way.project)
    version = at.versions[way.version]
    return questions.StartSession(
        person=_person(at, way.person),
        at=at.at,
        project=facts.Project(
            id=project.id,
            title=project.title,
            purpose=(there.purpose if there else "") or project.purpose,
            state=cast(facts.ProjectState, there.state if there else "proposed"),
            # Entries from before the ledger kept a project's days leave what the register says today.
            opens_on=(there.opens_on if there else None) or project.opens_on,
            closes_on=(there.closes_on if there else None) or project.closes_on,
            suspended=there.suspended if there else False,
        ),
        memberships=tuple(
            facts.Membership(
                project=way.project,
                person=way.person,
                role=cast(facts.MemberRole, part.role),
                valid_until=part.until,
                ended=part.ended,
            )
            for part in at.world.parts.get((way.project, way.person), ())
        ),
        purpose=(there.purpose if there else "") or project.purpose,
        datasets=(_use(at, way, version),),
        running=(),
    )


def _use(at: Moment, way: Way, version: DatasetVersion) -> facts.DatasetUse:
    dataset = version.dataset
    given = [
        facts.Approval(id, one.project, one.version, one.purpose, one.until, one.revoked)
        for id, one in at.given.get((way.project, way.version), ())
    ]
    promised = [
        facts.Agreement(
            id=id,
            dataset=one.dataset,
            project=one.project,
            title="an agreement",
            until=one.until,
            signed=(id, way.person) in at.world.signatures,
        )
        for id, one in at.promised.get((way.project, dataset.id), ())
    ]
    return facts.DatasetUse(
        version=facts.DatasetVersion(
            id=version.id,
            version=version.version,
            state="deprecated" if version.id in at.world.deprecated else "registered",
            dataset=facts.Dataset(
                id=dataset.id,
                title=dataset.title,
                tier=dataset.tier,
                steward=dataset.steward_id,
                steward_name=dataset.steward.name,
                suspended=dataset.id in at.world.suspended_datasets,
            ),
        ),
        approvals=tuple(given),
        agreements=tuple(promised),
    )


def _person(at: Moment, id: str) -> facts.Person:
    someone = at.world.people.get(id, Someone(active=False))
    return facts.Person(
        id=id,
        active=someone.active,
        suspended=someone.suspended,
        second_factor=someone.second_factor,
        second_factor_waived=second_factor_waived(at.people[id]),
        roles=tuple(facts.Role(cast(facts.RoleName, role), until) for role, until in someone.roles),
        training=tuple(facts.Training(course, on, until) for course, on, until in someone.training),
    )


def _read_sign_ins(at: Moment, ways: Sequence[Way]) -> None:
    """Read, for a past day, whether each last sign-in before it showed a second factor."""
    people = {way.person for way in ways} - at.read
    if at.below is None or not people:
        return
    at.read |= people
    # Their own entries are walked, not everybody's sign-ins: those would be found by kind, and are many more.
    # What lies below is a little more than the day, for clocks that were set back; the time decides.
    said = Entry.objects.filter(by__in=people, index__lt=at.below, at__lte=at.at).order_by().values("by")
    signed = said.annotate(last=Max("index", filter=Q(kind=Kind.SIGNED_IN.value)))
    last = [one for one in signed.values_list("last", flat=True) if one is not None]
    for person, told in Entry.objects.filter(index__in=last).values_list("by", "facts"):
        someone = at.world.people.get(person)
        if someone is not None:
            shown = bool(told.get("second_factor"))
            at.world.people[person] = replace(someone, second_factor=shown)
