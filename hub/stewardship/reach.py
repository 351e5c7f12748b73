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


def answers(person: Person, dataset: Dataset) -> list[Answer]:
    """Return, for each project of a person, whether they could start a session with a dataset; yes first."""
    newest = dataset.versions.select_related("dataset__steward").first()
    told = []
    for membership in _memberships(person):
        project = membership.project
        held = [one for one in access.approvals_of(project) if one.version.dataset_id == dataset.id]
        if held:
            told += _asked(person, membership, held)
        elif newest is not None:
            told += _asked(person, membership, [], newest)
    return sorted(told, key=lambda answer: not answer.allow)


def usable(person: Person) -> frozenset[str]:
    """Return the ids of the datasets that a person could start a session with in one of their projects."""
    found: set[str] = set()
    for membership in _memberships(person):
        held = access.approvals_of(membership.project)
        found |= {answer.version.dataset_id for answer in _asked(person, membership, held) if answer.allow}
    return frozenset(found)


def _memberships(person: Person) -> Iterable[Membership]:
    today = datetime.now(UTC).date()
    mine = Membership.objects.current(today).filter(person=person).select_related("project")
    return mine.order_by("project__title")[:MOST_PROJECTS]


def _asked(
    person: Person, membership: Membership, held: list[Approval], wanted: DatasetVersion | None = None
) -> list[Answer]:
    """Ask once for each version: a session with it alone, as if none were running."""
    project = membership.project
    uses = list(access.uses(project, person, held))
    versions = {approval.version_id: approval.version for approval in held}
    if wanted is not None:
        uses.append(questions.DatasetUse(version=datasets.of_version(wanted), approvals=(), agreements=()))
        versions[wanted.id] = wanted
    if not uses:
        return []
    asking, of_project = people.of(people.fresh(person)), projects.of(project)
    memberships = projects.memberships(project, person)
    leads = membership.role == MemberRole.PROJECT_LEAD
    told = []
    for use in uses:
        decision = policy.ask(
            questions.StartSession(
                person=asking,
                at=datetime.now(UTC),
                project=of_project,
                memberships=memberships,
                purpose=project.purpose,
                datasets=(use,),
                running=(),
            )
        )
        may_ask = leads and not _stands(use)
        told.append(Answer(project, versions[use.version.id], decision.allow, decision.reasons, may_ask))
    return told


def _stands(use: questions.DatasetUse) -> bool:
    today = datetime.now(UTC).date()
    return any(not one.revoked and one.until is not None and one.until >= today for one in use.approvals)
