"""Questions about text that is brought into a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.policy.facts import BringIn, Membership, Project
from hub.policy.questions.question import Question


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
