"""The facts that decide who reaches data, as they stood at one moment: small, plain, and without a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from allauth.mfa.models import Authenticator

from hub.access.models import Agreement, AgreementSignature, Approval
from hub.datasets.models import Dataset, DatasetVersion, VersionState
from hub.people.models import Person, RoleAssignment, Training
from hub.projects.models import Membership, Project


@dataclass(frozen=True, slots=True)
class Someone:
    """A person's standing, roles with their last days, and training."""

    active: bool = True
    suspended: bool = False
    second_factor: bool = False
    roles: tuple[tuple[str, date | None], ...] = ()
    training: tuple[tuple[str, date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Undertaking:
    """A project's state, purpose and days; None where the ledger didn't say."""

    state: str
    purpose: str
    opens_on: date | None = None
    closes_on: date | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One membership."""

    role: str
    until: date | None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """An approval."""

    project: str
    version: str
    purpose: str
    until: date | None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """An agreement; its last day is None where the ledger didn't say."""

    dataset: str
    project: str
    until: date | None = None


@dataclass(frozen=True, order=True, slots=True)
class Way:
    """A way to data that there may be: a person, through a project, to a dataset version."""

    project: str
    person: str
    version: str


@dataclass
class World:
    """Everything that decides who reaches what, by ids."""

    people: dict[str, Someone] = field(default_factory=dict)
    projects: dict[str, Undertaking] = field(default_factory=dict)
    parts: dict[tuple[str, str], tuple[Part, ...]] = field(default_factory=dict)
    approvals: dict[str, Leave] = field(default_factory=dict)
    agreements: dict[str, Promise] = field(default_factory=dict)
    signatures: set[tuple[str, str]] = field(default_factory=set)
    suspended_datasets: set[str] = field(default_factory=set)
    deprecated: set[str] = field(default_factory=set)

    def ways(self) -> Iterator[Way]:
        """Yield each way that membership and approval, past ones too, could open.

        The policies let nobody through who has no membership in a project, or to a version that the project
        has no approval for, so no way is missing here; whether one is open is for them to say.
        """
        versions: dict[str, set[str]] = {}
        for approval in self.approvals.values():
            versions.setdefault(approval.project, set()).add(approval.version)
        for project, person in self.parts:
            for version in versions.get(project, ()):
                yield Way(project, person, version)


def present() -> World:
    """Return the facts as the database has them now."""
    world = World(
        suspended_datasets=set(Dataset.objects.exclude(suspended_at=None).values_list("pk", flat=True)),
        deprecated=set(
            DatasetVersion.objects.filter(state=VersionState.DEPRECATED.value).values_list("pk", flat=True)
        ),
    )
    _people(world)
    # Rows, not objects: the auditor's page reads all of them each time.
    for id, state, purpose, opens_on, closes_on, suspended_at in Project.objects.values_list(
        "pk", "state", "purpose", "opens_on", "closes_on", "suspended_at"
    ):
        world.projects[id] = Undertaking(state, purpose, opens_on, closes_on, suspended_at is not None)
    for project, person, role, until, ended_at in Membership.objects.order_by("pk").values_list(
        "project_id", "person_id", "role", "valid_until", "ended_at"
    ):
        made = Part(role, until, ended_at is not None)
        world.parts[project, person] = (*world.parts.get((project, person), ()), made)
    _terms(world)
    return world


def _terms(world: World) -> None:
    for id, project, version, purpose, until, revoked_at in Approval.objects.order_by("pk").values_list(
        "pk", "project_id", "version_id", "purpose", "until", "revoked_at"
    ):
        world.approvals[id] = Leave(project, version, purpose, until, revoked_at is not None)
    for number, dataset, project, until in Agreement.objects.order_by("pk").values_list(
        "pk", "dataset_id", "project_id", "until"
    ):
        world.agreements[str(number)] = Promise(dataset, project, until)
    signed = AgreementSignature.objects.values_list("agreement_id", "person_id")
    world.signatures = {(str(agreement), person) for agreement, person in signed}


def _people(world: World) -> None:
    shown = set(Authenticator.objects.filter(type=Authenticator.Type.TOTP).values_list("user_id", flat=True))
    roles: dict[str, list[tuple[str, date | None]]] = {}
    for person, role, until in RoleAssignment.objects.order_by("role").values_list(
        "person_id", "role", "valid_until"
    ):
        roles.setdefault(person, []).append((role, until))
    training: dict[str, list[tuple[str, date, date]]] = {}
    for person, course, on, until in Training.objects.order_by("pk").values_list(
        "person_id", "course", "completed_on", "valid_until"
    ):
        training.setdefault(person, []).append((course, on, until))
    for id, active, suspended_at in Person.objects.values_list("pk", "is_active", "suspended_at"):
        world.people[id] = Someone(
            active,
            suspended_at is not None,
            id in shown,
            roles=tuple(roles.get(id, ())),
            training=tuple(training.get(id, ())),
        )
