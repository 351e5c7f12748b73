"""The facts a policy may look at: what a question carries, never a model or a query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

RoleName = Literal[
    "researcher",
    "project_lead",
    "data_steward",
    "key_custodian",
    "output_checker",
    "committee_member",
    "admin",
    "auditor",
]
MemberRole = Literal["researcher", "project_lead"]
ProjectState = Literal["proposed", "open", "closed"]
VersionState = Literal["registered", "deprecated"]
SessionState = Literal["requested", "starting", "running", "ended", "failed"]
VoteName = Literal["approve", "reject", "return"]


@dataclass(frozen=True)
class Role:
    """A role somebody holds until a date; None means without end."""

    role: RoleName
    valid_until: date | None


@dataclass(frozen=True)
class Training:
    """A course somebody completed, and the last day on which it counts."""

    course: str
    completed_on: date
    valid_until: date | None


@dataclass(frozen=True)
class Person:
    """Who asks; `second_factor` is what was shown at this sign-in, waived only by the demo's switch."""

    id: str
    active: bool
    suspended: bool
    second_factor: bool
    second_factor_waived: bool
    roles: tuple[Role, ...]
    training: tuple[Training, ...]


@dataclass(frozen=True)
class Project:
    """A project as it stands in the register."""

    id: str
    title: str
    purpose: str
    state: ProjectState
    opens_on: date
    closes_on: date | None
    suspended: bool


@dataclass(frozen=True)
class Membership:
    """One membership of the asking person; ended ones are given too."""

    project: str
    person: str
    role: MemberRole
    valid_until: date | None
    ended: bool


@dataclass(frozen=True)
class Dataset:
    """A dataset and the one steward who answers for it."""

    id: str
    title: str
    tier: int
    steward: str
    steward_name: str
    suspended: bool


@dataclass(frozen=True)
class DatasetVersion:
    """One registered version of a dataset."""

    id: str
    version: str
    state: VersionState
    dataset: Dataset


@dataclass(frozen=True)
class Approval:
    """A project may use a dataset version, for a purpose, until a date."""

    id: str
    project: str
    version: str
    purpose: str
    until: date | None
    revoked: bool


@dataclass(frozen=True)
class Agreement:
    """A data use agreement of a dataset and a project, and whether the asking person signed it."""

    id: str
    dataset: str
    project: str
    title: str
    until: date | None
    signed: bool


@dataclass(frozen=True)
class DatasetUse:
    """A dataset version somebody wants mounted, with every approval and agreement that could cover it."""

    version: DatasetVersion
    approvals: tuple[Approval, ...]
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Session:
    """A person's container: whose, for which project, in which state, until when."""

    id: str
    person: str
    project: str
    state: SessionState
    expires_at: datetime


@dataclass(frozen=True)
class Submission:
    """What was handed in; the flags are read off its state by egress_review."""

    id: str
    title: str
    project: str
    author: str
    open_for_review: bool
    differing: bool
    blocked: bool
    released: bool
    withdrawn: bool
    replaceable: bool


@dataclass(frozen=True)
class Reviewing:
    """By whom a project's outputs are reviewed, anybody outside or those named only, and how often.

    `tier` is the highest of the data that the project could see when it handed in.
    """

    anybody: bool
    named: tuple[str, ...]
    approvals: int
    tier: int


@dataclass(frozen=True)
class Review:
    """A vote that was cast, and what its caster is today; `member` counts ended memberships too."""

    reviewer: str
    vote: VoteName
    checker: bool
    member: bool
    conflicted: bool


@dataclass(frozen=True)
class FileApproval:
    """A file that would leave, and who approved the very bytes that it now has."""

    file: str
    approved_by: tuple[str, ...]


@dataclass(frozen=True)
class Steward:
    """Somebody who answers for a dataset, or is to."""

    id: str
    active: bool
    suspended: bool
    institution: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class BringIn:
    """Text that somebody wants inside a project; `gone` was rejected or taken back."""

    id: str
    title: str
    project: str
    author: str
    waiting: bool
    gone: bool


@dataclass(frozen=True)
class Token:
    """A token of the API: whose, narrowed to which scopes, from when until when."""

    id: str
    person: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    revoked: bool
