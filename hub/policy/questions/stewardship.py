"""Questions about what became of a dataset, who answers for it, and what is wrong with something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.policy.facts import Dataset, Membership, Project, Reviewing, Steward, Submission
from hub.policy.questions.question import Question


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
    reviewing: Reviewing
    author: str
    conflicted: bool
