"""Questions about people, data, projects, records and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from hub.policy.facts import Agreement, Dataset, DatasetVersion, Membership, Project, Token
from hub.policy.questions.question import Question


@dataclass(frozen=True, kw_only=True)
class SignIn(Question):
    """A person, whose password or provider was accepted, wants to come in."""

    package = "people"
    action = "sign_in"


@dataclass(frozen=True, kw_only=True)
class ManagePeople(Question):
    """Somebody wants to change a person or a person's roles; `subject` is that person's id."""

    package = "people"
    action = "manage_people"

    subject: str
    change: Literal["add", "edit", "suspend", "resume", "assign_role", "end_role"]


@dataclass(frozen=True, kw_only=True)
class RecordTraining(Question):
    """Somebody wants to write down that a person completed a course."""

    package = "people"
    action = "record_training"

    subject: str


@dataclass(frozen=True, kw_only=True)
class ManageDataset(Question):
    """Somebody wants to register, describe, suspend or resume a dataset or a version of it."""

    package = "people"
    action = "manage_dataset"

    dataset: Dataset
    change: Literal["register", "edit", "suspend", "resume", "deprecate"]


@dataclass(frozen=True, kw_only=True)
class ManageApproval(Question):
    """Somebody wants to approve a dataset version for a project, revoke that, or refuse a request for it.

    `memberships` are the asking person's in that project, ended ones too.
    """

    package = "people"
    action = "manage_approval"

    change: Literal["approve", "revoke", "refuse"]
    project: Project
    version: DatasetVersion
    purpose: str
    until: date | None
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class RequestAccess(Question):
    """Somebody wants to ask a steward for a dataset version for a project, or to take that back.

    `memberships` are the asking person's in that project, ended ones too.
    """

    package = "people"
    action = "request_access"

    change: Literal["ask", "withdraw"]
    project: Project
    version: DatasetVersion
    purpose: str
    until: date | None
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class ManageProject(Question):
    """Somebody wants to change a project or who is in it; `subject` is the project's id.

    `members` holds the ids of the people whom the change lets in or puts out.
    """

    package = "people"
    action = "manage_project"

    subject: str
    change: Literal["add", "edit", "open", "close", "suspend", "resume", "add_member", "end_member"]
    members: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestMember(Question):
    """Somebody wants to ask the admins that a person joins or leaves a project, or to take that back.

    `memberships` are the asking person's in that project, ended ones too.
    """

    package = "people"
    action = "request_member"

    change: Literal["ask", "withdraw"]
    project: Project
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class SignAgreement(Question):
    """Somebody wants to sign an agreement in the name of `subject`."""

    package = "people"
    action = "sign_agreement"

    subject: str
    agreement: Agreement
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class ReadRecords(Question):
    """Somebody wants to read the enclave's records, which hold no data."""

    package = "people"
    action = "read_records"

    records: Literal[
        "ledger", "people", "projects", "datasets", "sessions", "submissions", "impact", "impact_rounded"
    ]


@dataclass(frozen=True, kw_only=True)
class MakeToken(Question):
    """Somebody wants a token of the API for themselves; `token` is as it would be."""

    package = "people"
    action = "make_token"

    token: Token


@dataclass(frozen=True, kw_only=True)
class EndToken(Question):
    """Somebody wants to revoke a token."""

    package = "people"
    action = "end_token"

    token: Token


@dataclass(frozen=True, kw_only=True)
class UseToken(Question):
    """A token of the asking person was shown, for something that needs a scope."""

    package = "people"
    action = "use_token"

    token: Token
    scope: str
