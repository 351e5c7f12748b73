"""Questions about handing in files from a running session."""

from __future__ import annotations

from dataclasses import dataclass

from hub.policy.facts import Membership, Project, Session, Submission
from hub.policy.questions.question import Question


@dataclass(frozen=True, kw_only=True)
class HandIn(Question):
    """A person wants to hand in files from a running session, in place of what came back if one is given."""

    package = "hand_in"
    action = "submit"

    project: Project
    memberships: tuple[Membership, ...]
    session: Session
    replaces: tuple[Submission, ...] = ()
