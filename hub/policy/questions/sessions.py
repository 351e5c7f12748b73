"""Questions about starting a session, and whether a running one goes on."""

from __future__ import annotations

from dataclasses import dataclass

from hub.policy.facts import DatasetUse, Membership, Project, Session
from hub.policy.questions.question import Question


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
