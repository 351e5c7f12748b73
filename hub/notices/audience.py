"""Whom a notice is for: an author, a project's people, a steward, the checkers who may vote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from egress_review import permissions
from egress_review.models import Submission
from hub import policy
from hub.errors import Unavailable
from hub.people import facts as people
from hub.people.models import Person, Role
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import MemberRole, Membership


def members(project: str) -> list[Person]:
    """Return the people of a project who can read a notice today."""
    return _welcome(
        Membership.objects.current(_today()).filter(project=project).values_list("person", flat=True)
    )


def leads(project: str) -> list[Person]:
    """Return a project's leads who can read a notice today."""
    held = Membership.objects.current(_today()).filter(project=project, role=MemberRole.PROJECT_LEAD.value)
    return _welcome(held.values_list("person", flat=True))


def may_vote(submission: Submission) -> list[Person]:
    """Return the checkers whom the policies would let vote now; without an answer it is tried again."""
    held = Person.objects.with_roles().filter(role_assignments__role=Role.OUTPUT_CHECKER.value)
    checkers = held.filter(is_active=True, suspended_at=None).distinct()
    return [person for person in checkers if _may_vote(person, submission)]


def _may_vote(person: Person, submission: Submission) -> bool:
    decision = policy.ask(
        questions.Vote(
            person=people.of(person),
            at=datetime.now(UTC),
            vote="approve",
            project=projects.of(submission.project),
            memberships=projects.memberships(submission.project, person),
            submission=permissions.of(submission),
            reviewing=permissions.reviewing(submission.project),
            conflicted=permissions.conflicted(person, submission),
            reviews=permissions.reviews_of(submission),
        )
    )
    if not decision.allow and not decision.revision:
        raise Unavailable(policy.UNANSWERED)
    return decision.allow


def _welcome(ids: Iterable[str]) -> list[Person]:
    return list(Person.objects.filter(pk__in=list(ids), is_active=True, suspended_at=None))


def _today() -> date:
    return datetime.now(UTC).date()
