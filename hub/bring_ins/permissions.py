"""Who may: each question about a bring-in, with its facts read fresh."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict

from egress_review.permissions import conflicted
from hub.bring_ins.models import GONE, BringIn, BringInState
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import Ask, Permission
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import Project

What = Literal["page", "files"]
Verdict = Literal["approve", "reject"]


class _Judged(TypedDict):
    """What every question about a bring-in is asked with."""

    project: questions.Project
    memberships: tuple[questions.Membership, ...]
    bring_in: questions.BringIn
    conflicted: bool


def to_bring(*, by: Person, project: Project) -> Permission:
    """Ask whether a person may bring text into a project."""
    now = projects.fresh(project)
    return permission.to(
        by,
        subject=project.id,
        ask=lambda person, at: questions.BringInText(
            person=person, at=at, project=projects.of(now), memberships=projects.memberships(now, by)
        ),
    )


def to_view(*, by: Person, bring_in: BringIn, what: What) -> Permission:
    """Ask whether a person may see the page, or the text, of what was brought in."""
    return permission.to(
        by,
        subject=bring_in.id,
        ask=lambda person, at: questions.ViewBringIn(
            person=person,
            at=at,
            what=what,
            **_judged(by, bring_in),
        ),
    )


def to_judge(*, by: Person, bring_in: BringIn, verdict: Verdict) -> Permission:
    """Ask whether a person may let text in, or reject it."""
    return permission.to(
        by,
        subject=bring_in.id,
        ask=lambda person, at: whether_to_judge(person, at, by=by, bring_in=bring_in, verdict=verdict),
    )


def whether_to_judge(
    person: questions.Person, at: datetime, *, by: Person, bring_in: BringIn, verdict: Verdict
) -> questions.JudgeBringIn:
    """Return the question whether somebody may decide so, for who asks it of many without recording it."""
    return questions.JudgeBringIn(
        person=person,
        at=at,
        verdict=verdict,
        **_judged(by, bring_in),
    )


def to_take_back(*, by: Person, bring_in: BringIn) -> Permission:
    """Ask whether a person may take text out of reach again."""
    return permission.to(by, subject=bring_in.id, ask=_taking_back(by, bring_in))


def may_take_back(*, by: Person, bring_in: BringIn) -> bool:
    """Return whether a page may offer a person to take text out of reach again."""
    return permission.would(by, ask=_taking_back(by, bring_in))


def _taking_back(by: Person, bring_in: BringIn) -> Ask:
    return lambda person, at: questions.TakeBackBringIn(
        person=person,
        at=at,
        **_judged(by, bring_in),
    )


def _judged(by: Person, bring_in: BringIn) -> _Judged:
    """Return the facts of now about a bring-in, as they are for one person."""
    now = projects.fresh(bring_in.project)
    return {
        "project": projects.of(now),
        "memberships": projects.memberships(now, by),
        "bring_in": of(bring_in),
        "conflicted": conflicted(by, now),
    }


def of(bring_in: BringIn) -> questions.BringIn:
    """Return the facts about a bring-in, as they stand in the database now."""
    now = BringIn.objects.get(pk=bring_in.pk)
    return questions.BringIn(
        id=now.id,
        title=now.title,
        project=now.project_id,
        author=now.author_id,
        waiting=now.state == BringInState.WAITING,
        gone=BringInState(now.state) in GONE,
    )
