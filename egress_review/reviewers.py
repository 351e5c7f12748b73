"""Who reviews what a project hands in: named checkers or any from outside, and how many have to approve."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from egress_review.models import Conflict, Review, Submission
from egress_review.states import State
from hub import rows
from hub.access import tiers
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person, Role
from hub.people.permission import Actor
from hub.projects import services as projects
from hub.projects.facts import fresh
from hub.projects.models import FEWEST_APPROVALS, Membership, NamedChecker, Project, ProjectState

MOST_APPROVALS = 9
# What a vote was cast on and did not leave yet, nor come to nothing.
UNDER_WAY = (State.IN_REVIEW, State.DIFFERING, State.APPROVED)


def choose(
    *, by: Actor, project: Project, named: Collection[str], approvals: int, seen: int | None = None
) -> None:
    """Name who reviews a project's outputs, nobody meaning anybody from outside, and how many approve."""
    check(project, approvals=approvals, named=len(set(named)))
    before, after = set(_named(project)), set(named)
    changed = before ^ after
    allowed = projects.may(by=by, project=project, change="edit", members=tuple(sorted(changed)))
    project = fresh(project)
    rows.expect(project, seen)
    if project.state == ProjectState.CLOSED:
        raise WrongState(f"Project {project.title} is closed; nothing of it is reviewed any more.")
    _require_candidates(project, after - before)
    if not changed and approvals == tiers.needed(project):
        return
    renumbered = approvals != tiers.needed(project)
    with transaction.atomic():
        allowed.use()
        rows.claim(project, approvals_needed=approvals)
        # Data of a higher tier may have been approved since the first look.
        check(project, approvals=approvals, named=len(after))
        _require_no_vote_lost(project, after, renumbered=renumbered)
        NamedChecker.objects.filter(project=project).exclude(person__in=after).delete()
        NamedChecker.objects.bulk_create(
            NamedChecker(project=project, person_id=one) for one in sorted(after - before)
        )
        said = {"what": "project reviewers", "approvals": approvals, "named": sorted(after)}
        said |= {"added": sorted(after - before), "dropped": sorted(before - after)}
        entries.append(Kind.PROVISIONED, by=by.id, subject=project.id, facts=said)


def check(project: Project, *, approvals: int, named: int) -> None:
    """Raise Invalid for fewer approvals than the data's tier asks, or more than can be had."""
    if not FEWEST_APPROVALS <= approvals <= MOST_APPROVALS:
        raise Invalid(
            f"A release needs from {FEWEST_APPROVALS} to {MOST_APPROVALS} approvals, not {approvals}: "
            f"no setting goes below {FEWEST_APPROVALS}."
        )
    tier = tiers.of(project)
    if approvals < tiers.fewest(tier):
        raise Invalid(
            f"{project.title} can or could see data of tier {tier}, of which a release needs "
            f"{tiers.fewest(tier)} approvals; a project can ask for more, never for fewer."
        )
    if 0 < named < approvals:
        checkers = "checker" if named == 1 else "checkers"
        raise Invalid(
            f"A release needs {approvals} approvals, but only {named} {checkers} would be named; "
            "name more of them, or none to let any checker from outside review."
        )


def candidates(project: Project) -> QuerySet[Person]:
    """Return the output checkers who never had a part in a project and declared no conflict with it."""
    inside = Membership.objects.filter(project=project).values("person")
    apart = Conflict.objects.filter(project=project).values("person")
    welcome = Person.objects.holding(Role.OUTPUT_CHECKER, timezone.now().date())
    return welcome.exclude(pk__in=inside).exclude(pk__in=apart).order_by("name", "pk")


def choosable(project: Project) -> QuerySet[Person]:
    """Return who may be named or is named already, for the form that shows them."""
    return Person.objects.filter(
        Q(pk__in=candidates(project).values("pk")) | Q(pk__in=_named(project))
    ).order_by("name", "pk")


def left_to_others(person: Person) -> QuerySet[NamedChecker]:
    """Return who is named in projects for which this person is not, though somebody is."""
    theirs = NamedChecker.objects.filter(person=person).values("project")
    return NamedChecker.objects.exclude(project__in=theirs)


def _named(project: Project) -> list[str]:
    return list(NamedChecker.objects.filter(project=project).values_list("person_id", flat=True))


def _require_candidates(project: Project, added: Iterable[str]) -> None:
    wanted = set(added)
    unfit = wanted - set(candidates(project).filter(pk__in=wanted).values_list("pk", flat=True))
    if unfit:
        names = ", ".join(Person.objects.filter(pk__in=unfit).values_list("name", flat=True)) or "Somebody"
        raise Invalid(
            f"{names} can’t be named: only somebody who is an output checker today, never had a part in "
            f"{project.title} and declared no conflict with it can."
        )


def _require_no_vote_lost(project: Project, named: set[str], *, renumbered: bool) -> None:
    """Refuse what would void a vote that was cast, or count it by another number than it was cast under."""
    under_way = Submission.objects.filter(project=project, state__in=[one.value for one in UNDER_WAY])
    cast = Review.objects.standing().filter(submission__in=under_way).select_related("submission", "reviewer")
    for review in cast:
        if renumbered:
            raise WrongState(
                f"“{review.submission.title}” has votes already and is not decided or released; the number "
                "of approvals can be changed once it is."
            )
        if named and review.reviewer_id not in named:
            raise WrongState(
                f"{review.reviewer.name} has reviewed “{review.submission.title}”, which is not decided or "
                "released; name them too, or wait until it is."
            )
