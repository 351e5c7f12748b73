"""Projects whose named checkers became too few: nothing they hand in is decided until somebody names others.

Who may vote is the policies' answer, each time. What is here foresees it for lists and pages, and
`tests/integration/review/test_shortages.py` holds it to what the policies say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from egress_review.models import Conflict, Submission
from egress_review.states import VOTING
from hub.people import facts
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, NamedChecker, Project, ProjectState

# As `checking_course` in policies/facts.
COURSE = "output-checking"


@dataclass(frozen=True)
class Shortage:
    """A project, how many checkers are named, how many of them can review today, and how many have to."""

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
        """Say of each named checker who can't review today why not."""
        fit = able(self.project).values("pk")
        rows = self.project.named_checkers.exclude(pk__in=fit).select_related("person")
        return [f"{row.person.name} {_why(row.person, self.project)}" for row in rows]

    def __str__(self) -> str:
        return (
            f"A release needs {self.needed} approvals, and of {self.named} named checkers "
            f"{self.able or 'none'} can review today."
        )


def able(project: Project) -> QuerySet[NamedChecker]:
    """Return those who are named for a project and can review today."""
    return _able(NamedChecker.objects.filter(project=project))


def of(project: Project) -> Shortage | None:
    """Return what a project lacks; None where nobody is named, enough can review, or it is closed."""
    return next(iter(among(Project.objects.filter(pk=project.pk))), None)


def among(projects: QuerySet[Project]) -> list[Shortage]:
    """Return which of these projects wait for checkers, in two queries however many there are."""
    rows = NamedChecker.objects.filter(project__in=projects.exclude(state=ProjectState.CLOSED.value))
    named: dict[str, list[NamedChecker]] = {}
    for row in rows.select_related("project").order_by("project__title", "project"):
        named.setdefault(row.project_id, []).append(row)
    fit = set(_able(rows).values_list("pk", flat=True))
    found = [
        Shortage(of[0].project, len(of), sum(row.pk in fit for row in of), of[0].project.approvals_needed)
        for of in named.values()
    ]
    return [one for one in found if one.able < one.needed]


def everywhere() -> list[Shortage]:
    """Return every project that waits for checkers."""
    return among(Project.objects.all())


def without(person: Person, *, project: Project | None = None) -> list[Shortage]:
    """Return the projects, or the one, that would wait for checkers if this person could review no more."""
    theirs = _able(NamedChecker.objects.filter(person=person)).exclude(
        project__state=ProjectState.CLOSED.value
    )
    if project is not None:
        theirs = theirs.filter(project=project)
    found = []
    for row in theirs.select_related("project").order_by("project__title", "project"):
        left, needed = able(row.project).count() - 1, row.project.approvals_needed
        if left < needed:
            found.append(Shortage(row.project, row.project.named_checkers.count(), left, needed))
    return found


def chosen(project: Project, *, named: Collection[str], approvals: int) -> Shortage | None:
    """Return what a project would lack if these were named and so many approvals needed."""
    if not named:
        return None
    left = Person.objects.filter(_fit("pk", project), pk__in=named).count()
    return Shortage(project, len(set(named)), left, approvals) if left < approvals else None


def _able(rows: QuerySet[NamedChecker]) -> QuerySet[NamedChecker]:
    return rows.filter(_fit("person", OuterRef("project")))


def _fit(person: str, project: Project | OuterRef) -> Q:
    """Return the condition that who stands in a row's field `person` can review a project's outputs today."""
    today, who = _today(), OuterRef(person)
    here: dict[str, Any] = {"person": who, "project": project}
    held = RoleAssignment.objects.filter(person=who, role=Role.OUTPUT_CHECKER.value)
    trained = Training.objects.filter(person=who, course=COURSE, completed_on__lte=today)
    welcome = Person.objects.filter(facts.identified(), is_active=True, suspended_at=None)
    return (
        Q(Exists(held.filter(Q(valid_until=None) | Q(valid_until__gte=today))))
        & Q(Exists(trained.filter(valid_until__gte=today)))
        & ~Q(Exists(Membership.objects.filter(**here)))
        & ~Q(Exists(Conflict.objects.filter(**here)))
        & Q(**{f"{person}__in": welcome.values("pk")})
    )


def _why(person: Person, project: Project) -> str:
    """Return what keeps somebody who is named from reviewing, the plainest first."""
    if not person.is_active:
        return "has a closed account"
    if person.is_suspended:
        return "is suspended"
    if Role.OUTPUT_CHECKER not in person.roles_on(_today()):
        return "is no output checker any more"
    if Membership.objects.filter(person=person, project=project).exists():
        return "has a part in the project, or had one"
    if Conflict.objects.filter(person=person, project=project).exists():
        return "declared a conflict of interest"
    if not (facts.has_second_factor(person) or facts.second_factor_waived(person)):
        return "has set up no second factor"
    return f"has no training “{COURSE}” that counts"


def _today() -> date:
    return timezone.now().date()
