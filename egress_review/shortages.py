"""Projects that too few checkers can review: nothing they hand in is decided until that is mended.

Who may vote is the policies' answer, each time. What is here foresees it for lists and pages, and
`tests/integration/review/test_shortages.py` holds it to what the policies say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from egress_review.models import Conflict, Submission
from egress_review.states import DUE_FOR_SCREENING, VOTING
from hub.access import tiers
from hub.people import facts
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, NamedChecker, Project, ProjectState

# As `checking_course` in policies/facts.
COURSE = "output-checking"
NOBODY = ("",)
OfProject = QuerySet[NamedChecker] | QuerySet[Membership] | QuerySet[Conflict]


@dataclass(frozen=True)
class Shortage:
    """A project, how many checkers are named, how many can review today, and how many have to.

    Where nobody is named, every checker of the enclave from outside the project may.
    """

    project: Project
    named: int
    able: int
    needed: int

    @property
    def waiting(self) -> int:
        """How many submissions wait for votes meanwhile."""
        states = [state.value for state in VOTING]
        return Submission.objects.filter(project=self.project, state__in=states).count()

    def lost(self) -> list[str]:
        """Say of each checker who is named, or of each at all, and can't review today why not."""
        named = Person.objects.filter(named_for__project=self.project)
        return sentences(named if self.named else office(), self.project)

    def __str__(self) -> str:
        whose = f"of {self.named} named checkers" if self.named else "nobody is named, and of all checkers"
        return f"A release needs {self.needed} approvals; {whose} {self.able or 'none'} can review today."

    def effect(self, verb: str) -> str:
        """Say what a change does to the project, as one who is about to make it reads it."""
        kept = f"{self.able} of the {self.needed} checkers that each release needs"
        return f"{verb} {kept}, and waits for others"


@dataclass(frozen=True)
class Checkers:
    """Who could review what today, read in as many queries for one project as for all."""

    fit: frozenset[str]
    named: dict[str, set[str]]
    apart: dict[str, set[str]]

    def able(self, project: str, named: Collection[str] | None = None) -> frozenset[str]:
        """Return who can review a project's outputs, of those named now or of others."""
        chosen = self.named.get(project, set()) if named is None else named
        held = self.fit.intersection(chosen) if chosen else self.fit
        return held.difference(self.apart.get(project, set()))


def able(project: Project) -> QuerySet[Person]:
    """Return those who can review a project's outputs today: named ones, or where nobody is named, any."""
    checkers = _checkers([project.pk], _today())
    return Person.objects.filter(pk__in=checkers.able(project.pk))


def of(project: Project) -> Shortage | None:
    """Return what a project lacks; None where enough can review, or where it is closed."""
    return next(iter(among(Project.objects.filter(pk=project.pk))), None)


def among(projects: QuerySet[Project], *, on: date | None = None) -> list[Shortage]:
    """Return which of these projects wait for checkers, in five queries however many there are or wait.

    On a day to come, they would if no role and no training is prolonged until then.
    """
    going = _going(projects)
    checkers = _checkers([one.pk for one in going], on or _today())
    return [
        Shortage(one, len(checkers.named.get(one.pk, ())), able, needed)
        for one, needed in going.items()
        if (able := len(checkers.able(one.pk))) < needed
    ]


def everywhere(*, on: date | None = None) -> list[Shortage]:
    """Return every open project that waits for checkers today, or on a day to come.

    One whose days are over counts only while something of it waits.
    """
    waiting = Submission.objects.filter(state__in=[one.value for one in VOTING | DUE_FOR_SCREENING])
    needed = Q(closes_on__gte=on or _today()) | Q(pk__in=waiting.values("project"))
    return among(Project.objects.filter(needed, state=ProjectState.OPEN.value), on=on)


def ending(*, until: date) -> dict[date, list[Person]]:
    """Return whose time as a checker ends by a role or a course, by its last day, up to a day to come."""
    days: dict[date, list[Person]] = defaultdict(list)
    fit = Person.objects.filter(pk__in=_fit(_today())).order_by("name", "pk")
    for person in fit.prefetch_related("role_assignments", "trainings"):
        last = _last_day(person)
        if last <= until:
            days[last].append(person)
    return days


def without(person: Person, *, project: Project | None = None) -> list[Shortage]:
    """Return the projects, or the one, that would wait for checkers if this person could review no more."""
    going = _going(Project.objects.filter(pk=project.pk) if project else Project.objects.all())
    checkers = _checkers([one.pk for one in going], _today())
    return [
        Shortage(one, len(checkers.named.get(one.pk, ())), len(fit) - 1, needed)
        for one, needed in going.items()
        if person.pk in (fit := checkers.able(one.pk)) and len(fit) - 1 < needed
    ]


def chosen(project: Project, *, named: Collection[str], approvals: int) -> Shortage | None:
    """Return what a project would lack if these, or nobody, were named and so many approvals needed."""
    left = len(_checkers([project.pk], _today()).able(project.pk, named))
    return Shortage(project, len(set(named)), left, approvals) if left < approvals else None


def office() -> QuerySet[Person]:
    """Return everybody who was given the role of checker, whatever keeps them from reviewing now."""
    held = RoleAssignment.objects.filter(role=Role.OUTPUT_CHECKER.value)
    return Person.objects.filter(pk__in=held.values("person"))


def _fit(day: date) -> QuerySet[Person]:
    trained = Training.objects.filter(course=COURSE, completed_on__lte=day, valid_until__gte=day)
    return Person.objects.holding(Role.OUTPUT_CHECKER, day).filter(
        facts.identified(), pk__in=trained.values("person")
    )


def _going(projects: QuerySet[Project]) -> dict[Project, int]:
    """Return the projects that are not closed, by their titles, and how many approvals each release needs."""
    going = tiers.weighed(projects.exclude(state=ProjectState.CLOSED.value)).order_by("title", "pk")
    return {one: tiers.needed_for(one, tier=one.tier) for one in going}


def _checkers(projects: Collection[str], day: date) -> Checkers:
    """Read who can review on a day, who is named for some projects, and who has to stay out of them.

    By their ids: as questions inside each of these, projects and checkers would be asked for thrice.
    """
    fit = frozenset(_fit(day).values_list("pk", flat=True))
    # Asked also where there is none, so that a page asks as often on a quiet day as on a full one.
    some, able = tuple(projects) or NOBODY, tuple(fit) or NOBODY
    return Checkers(
        fit=fit,
        named=_by_project(NamedChecker.objects.filter(project__in=some)),
        apart=_by_project(
            Membership.objects.filter(project__in=some, person__in=able),
            Conflict.objects.filter(project__in=some, person__in=able),
        ),
    )


def _by_project(*found: OfProject) -> dict[str, set[str]]:
    people: dict[str, set[str]] = defaultdict(set)
    for rows in found:
        for project, person in rows.order_by().values_list("project_id", "person_id"):
            people[project].add(person)
    return people


@dataclass(frozen=True)
class _Known:
    """What speaks against some people as reviewers of a project, each as the ids it is true of."""

    inside: frozenset[str]
    apart: frozenset[str]
    identified: frozenset[str]

    def why(self, person: Person) -> str:
        """Return what keeps somebody from reviewing, the plainest first; empty where nothing does."""
        today = _today()
        against = {
            "has a closed account": not person.is_active,
            "is suspended": person.is_suspended,
            "is no output checker any more": Role.OUTPUT_CHECKER not in person.roles_on(today),
            "has a part in the project, or had one": person.pk in self.inside,
            "declared a conflict of interest": person.pk in self.apart,
            "has set up no second factor": person.pk not in self.identified,
            f"has no training “{COURSE}” that counts": not _trained(person, today),
        }
        return next((why for why, true in against.items() if true), "")


def why_not(people: QuerySet[Person], project: Project | None = None) -> dict[str, str]:
    """Return why each of some people who can't review a project, or any, today can't, {person: words}."""
    of_project = {"project": project, "person__in": people}
    known = _Known(
        inside=_ids(Membership.objects.filter(**of_project)) if project else frozenset(),
        apart=_ids(Conflict.objects.filter(**of_project)) if project else frozenset(),
        identified=frozenset(people.filter(facts.identified()).values_list("pk", flat=True)),
    )
    rows = people.prefetch_related("role_assignments", "trainings")
    return {one.pk: why for one in rows if (why := known.why(one))}


def sentences(people: QuerySet[Person], project: Project | None = None) -> list[str]:
    """Say of each of some people who can't review today why not, by name."""
    why = why_not(people, project)
    named = Person.objects.filter(pk__in=why).order_by("name", "pk").values_list("pk", "name")
    return [f"{name} {why[id]}" for id, name in named]


def _ids(rows: QuerySet[Membership] | QuerySet[Conflict]) -> frozenset[str]:
    return frozenset(rows.order_by().values_list("person_id", flat=True))


def _trained(person: Person, today: date) -> bool:
    return any(
        one.course == COURSE and one.completed_on <= today <= one.valid_until
        for one in person.trainings.all()
    )


def _last_day(person: Person) -> date:
    """Return the last day on which somebody who can review today could."""
    role = next(one for one in person.role_assignments.all() if one.role == Role.OUTPUT_CHECKER)
    course = max(one.valid_until for one in person.trainings.all() if one.course == COURSE)
    return min(role.valid_until or course, course)


def _today() -> date:
    return timezone.now().date()
