"""Questions about what was handed in: seeing, judging, releasing, withdrawing, downloading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.policy.facts import FileApproval, Membership, Project, Review, Reviewing, Submission
from hub.policy.questions.question import Question


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
