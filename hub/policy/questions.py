"""Every question the enclave asks its policies; a question carries all the facts a rule may look at."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal

from hub.policy.facts import (
    Agreement,
    Approval,
    BringIn,
    Dataset,
    DatasetUse,
    DatasetVersion,
    FileApproval,
    Membership,
    Person,
    Project,
    Review,
    Reviewing,
    Role,
    Session,
    Steward,
    Submission,
    Token,
    Training,
)

__all__ = [
    "QUESTIONS",
    "Agreement",
    "Approval",
    "BringIn",
    "BringInText",
    "Consolidate",
    "ContinueSession",
    "Dataset",
    "DatasetFeedback",
    "DatasetUse",
    "DatasetVersion",
    "Download",
    "EndToken",
    "FileApproval",
    "HandIn",
    "HandOverDataset",
    "JudgeBringIn",
    "MakeToken",
    "ManageApproval",
    "ManageDataset",
    "ManagePeople",
    "ManageProject",
    "Membership",
    "Person",
    "Project",
    "Question",
    "ReadRecords",
    "RecordTraining",
    "ReleaseSubmission",
    "RequestAccess",
    "Review",
    "Reviewing",
    "Role",
    "SeeUse",
    "Session",
    "SignAgreement",
    "SignIn",
    "StartSession",
    "Steward",
    "Submission",
    "SubmissionFeedback",
    "TakeBackBringIn",
    "Token",
    "Training",
    "UseToken",
    "ViewBringIn",
    "ViewSubmission",
    "Vote",
    "Withdraw",
]

# "Without end" travels as a date, so that a null in a question is always a mistake and always denied.
NO_END = date(9999, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something a person wants to do at a moment; `package` and `action` name the rules that answer."""

    package: ClassVar[str]
    action: ClassVar[str]

    person: Person
    at: datetime

    def to_input(self) -> dict[str, Any]:
        """Return the JSON document the policies read."""
        return {"action": self.action, **_plain(self)}


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
class HandOverDataset(Question):
    """Somebody wants another steward to answer for a dataset; `institution` is the dataset's."""

    package = "stewardship"
    action = "hand_over_dataset"

    dataset: Dataset
    institution: str
    present: Steward
    successor: Steward


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
class StartSession(Question):
    """A person wants a session in a project with these datasets mounted.

    `running` holds the ids of this person's sessions that are requested, starting or running, in any project.
    """

    package = "sessions"
    action = "start"

    project: Project
    memberships: tuple[Membership, ...]
    purpose: str
    datasets: tuple[DatasetUse, ...]
    running: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContinueSession(Question):
    """A session is running; may it go on? Asked at every lease."""

    package = "sessions"
    action = "continue"

    project: Project
    memberships: tuple[Membership, ...]
    purpose: str
    datasets: tuple[DatasetUse, ...]
    session: Session


@dataclass(frozen=True, kw_only=True)
class HandIn(Question):
    """A person wants to hand in files from a running session, in place of what came back if one is given."""

    package = "hand_in"
    action = "submit"

    project: Project
    memberships: tuple[Membership, ...]
    session: Session
    replaces: tuple[Submission, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ViewSubmission(Question):
    """Somebody wants to see a submission: its `page` (title, states) or the content of its `files`.

    `conflicted` here and below: the asking person declared a conflict of interest with the project.
    """

    package = "releases"
    action = "view"

    what: Literal["page", "files"]
    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission
    reviewing: Reviewing
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class Vote(Question):
    """Somebody wants to vote on a submission; `reviews` are the votes cast so far."""

    package = "releases"
    action = "vote"

    vote: Literal["approve", "reject", "return"]
    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission
    reviewing: Reviewing
    reviews: tuple[Review, ...]
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class Consolidate(Question):
    """The votes differ, and one of those who voted answers once more; `vote` is the new answer."""

    package = "releases"
    action = "consolidate"

    vote: Literal["approve", "reject", "return"]
    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission
    reviewing: Reviewing
    reviews: tuple[Review, ...]
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class ReleaseSubmission(Question):
    """The votes are in; may the submission leave? `person` is the checker whose vote completed them."""

    package = "releases"
    action = "release"

    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission
    reviewing: Reviewing
    reviews: tuple[Review, ...]
    files: tuple[FileApproval, ...]
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class Withdraw(Question):
    """Somebody wants to take a submission or its release back."""

    package = "releases"
    action = "withdraw"

    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission
    reviewing: Reviewing
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class Download(Question):
    """Somebody wants to take a released file out of the enclave."""

    package = "releases"
    action = "download"

    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission


@dataclass(frozen=True, kw_only=True)
class SeeUse(Question):
    """Somebody wants to see which projects use a dataset, and what left of it."""

    package = "stewardship"
    action = "see_use"

    dataset: Dataset


@dataclass(frozen=True, kw_only=True)
class DatasetFeedback(Question):
    """Somebody wants to say, read or answer what is wrong with a dataset; `author` says or said it."""

    package = "stewardship"
    action = "dataset_feedback"

    what: Literal["give", "read", "answer"]
    dataset: Dataset
    author: str


@dataclass(frozen=True, kw_only=True)
class SubmissionFeedback(Question):
    """Somebody wants to say, read or answer what is wrong with a decision on a submission."""

    package = "stewardship"
    action = "submission_feedback"

    what: Literal["give", "read", "answer"]
    project: Project
    memberships: tuple[Membership, ...]
    submission: Submission
    author: str
    conflicted: bool


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


@dataclass(frozen=True, kw_only=True)
class BringInText(Question):
    """Somebody wants to bring text files into a project, for a review."""

    package = "bring_ins"
    action = "bring_in"

    project: Project
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class ViewBringIn(Question):
    """Somebody wants to see what was brought in: its `page` (title, state) or the text of its `files`."""

    package = "bring_ins"
    action = "view_bring_in"

    what: Literal["page", "files"]
    project: Project
    memberships: tuple[Membership, ...]
    bring_in: BringIn
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class JudgeBringIn(Question):
    """Somebody wants to let text into a project's sessions, or to reject it."""

    package = "bring_ins"
    action = "judge_bring_in"

    verdict: Literal["approve", "reject"]
    project: Project
    memberships: tuple[Membership, ...]
    bring_in: BringIn
    conflicted: bool


@dataclass(frozen=True, kw_only=True)
class TakeBackBringIn(Question):
    """Somebody wants text out of a project's sessions again, or not reviewed."""

    package = "bring_ins"
    action = "take_back_bring_in"

    project: Project
    memberships: tuple[Membership, ...]
    bring_in: BringIn
    conflicted: bool


QUESTIONS: tuple[type[Question], ...] = (
    SignIn,
    ManagePeople,
    RecordTraining,
    ManageDataset,
    HandOverDataset,
    ManageApproval,
    RequestAccess,
    ManageProject,
    SignAgreement,
    ReadRecords,
    StartSession,
    ContinueSession,
    HandIn,
    ViewSubmission,
    Vote,
    Consolidate,
    ReleaseSubmission,
    Withdraw,
    Download,
    SeeUse,
    DatasetFeedback,
    SubmissionFeedback,
    MakeToken,
    EndToken,
    UseToken,
    BringInText,
    ViewBringIn,
    JudgeBringIn,
    TakeBackBringIn,
)


def _plain(value: Any) -> Any:
    """Return JSON for a fact; a time without a zone is refused, no end becomes the last day there is."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} in a question has no zone; give aware UTC")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return NO_END.isoformat()
    return str(value) if isinstance(value, str) else value
