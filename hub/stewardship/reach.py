"""May I use it now, and if not, why: the policies' own answer for each of a person's projects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from hub import policy
from hub.access import facts as access
from hub.access.models import Approval
from hub.datasets import facts as datasets
from hub.datasets.models import Dataset, DatasetVersion
from hub.people import facts as people
from hub.people.models import Person
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import MemberRole, Membership, Project

# People are in a few projects; somebody in more is told about these.
MOST_PROJECTS = 20


@dataclass(frozen=True)
class Answer:
    """What the policies say about using a version in a project today."""

    project: Project
    version: DatasetVersion
    allow: bool
    reasons: tuple[str, ...]
    # Whether the person leads the project and nothing stands approved: then asking is the next step.
    may_ask: bool = False


@dataclass(frozen=True)
class _Wish:
    """A version in a project, as a person would start a session with it."""

    membership: Membership
    version: DatasetVersion
    question: questions.StartSession


def answers(person: Person, dataset: Dataset) -> list[Answer]:
    """Return, for each project of a person, whether they could start a session with a dataset; yes first."""
    newest = dataset.versions.select_related("dataset__steward").first()
    person = people.fresh(person)
    wishes: list[_Wish] = []
    for membership in _memberships(person):
        held = access.approvals_of(membership.project)
        of_it = [one for one in held if one.version.dataset_id == dataset.id]
        wishes += _wishes(person, membership, of_it, None if of_it else newest)
    return sorted(_asked(wishes), key=lambda answer: not answer.allow)


def usable(person: Person) -> frozenset[str]:
    """Return the ids of the datasets that a person could start a session with in one of their projects."""
    person = people.fresh(person)
    wishes = [
        wish
        for membership in _memberships(person)
        for wish in _wishes(person, membership, access.approvals_of(membership.project))
    ]
    return frozenset(answer.version.dataset_id for answer in _asked(wishes) if answer.allow)


def _memberships(person: Person) -> Iterable[Membership]:
    today = datetime.now(UTC).date()
    mine = Membership.objects.current(today).filter(person=person).select_related("project")
    return mine.order_by("project__title")[:MOST_PROJECTS]


def _wishes(
    person: Person, membership: Membership, held: list[Approval], wanted: DatasetVersion | None = None
) -> list[_Wish]:
    """Return what is to be asked of each version: a session with it alone, as if none were running."""
    project = membership.project
    uses = list(access.uses(project, person, held))
    versions = {approval.version_id: approval.version for approval in held}
    if wanted is not None:
        uses.append(questions.DatasetUse(version=datasets.of_version(wanted), approvals=(), agreements=()))
        versions[wanted.id] = wanted
    if not uses:
        return []
    asking, memberships = people.of(person), projects.memberships(project, person)
    return [
        _Wish(
            membership,
            versions[use.version.id],
            questions.StartSession(
                person=asking,
                at=datetime.now(UTC),
                project=projects.of(project),
                memberships=memberships,
                purpose=project.purpose,
                datasets=(use,),
                running=(),
            ),
        )
        for use in uses
    ]


def _asked(wishes: list[_Wish]) -> list[Answer]:
    """Ask together what the policies say to each."""
    decisions = policy.ask_all([wish.question for wish in wishes])
    return [
        Answer(
            wish.membership.project,
            wish.version,
            decision.allow,
            decision.reasons,
            may_ask=wish.membership.role == MemberRole.PROJECT_LEAD and not _stands(wish.question),
        )
        for wish, decision in zip(wishes, decisions, strict=True)
    ]


def _stands(asked: questions.StartSession) -> bool:
    today = datetime.now(UTC).date()
    held = [one for use in asked.datasets for one in use.approvals]
    return any(not one.revoked and one.until is not None and one.until >= today for one in held)
