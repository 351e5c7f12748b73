"""Whom a notice is for: an author, a project's people, a steward, the checkers who may vote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import partial

from egress_review import permissions
from egress_review.models import Submission, Vote
from hub import policy
from hub.bring_ins import permissions as brought
from hub.bring_ins.models import BringIn
from hub.errors import Unavailable
from hub.people import facts as people
from hub.people.models import Person, Role
from hub.policy import questions
from hub.projects.models import MemberRole, Membership
from hub.stewardship import feedback
from hub.stewardship.models import Feedback


def members(project: str) -> list[Person]:
    """Return the people of a project who can read a notice today."""
    return welcome(
        Membership.objects.current(_today()).filter(project=project).values_list("person", flat=True)
    )


def leads(project: str) -> list[Person]:
    """Return a project's leads who can read a notice today."""
    held = Membership.objects.current(_today()).filter(project=project, role=MemberRole.PROJECT_LEAD.value)
    return welcome(held.values_list("person", flat=True))


def admins() -> list[Person]:
    """Return the admins of the enclave who can read a notice today."""
    return list(Person.objects.holding(Role.ADMIN, _today()))


def in_office(role: Role) -> frozenset[str]:
    """Return the ids of those who hold a role and can sign in today."""
    return frozenset(Person.objects.holding(role, _today()).values_list("pk", flat=True))


def may_vote(submission: Submission) -> list[Person]:
    """Return the checkers whom the policies would let vote now; without an answer it is tried again."""
    return _checkers_who_may(permissions.whether_to_vote(submission, Vote.APPROVE))


def may_judge(bring_in: BringIn) -> list[Person]:
    """Return the checkers whom the policies would let text in now; without an answer it is tried again."""
    return _checkers_who_may(
        lambda person: brought.whether_to_judge(
            people.of(person), datetime.now(UTC), by=person, bring_in=bring_in, verdict="approve"
        )
    )


def may_answer(said: Feedback) -> list[Person]:
    """Return whom the policies would let answer feedback now; without an answer it is tried again.

    A decision is answered for by those who made it, where one of them still may: else by any who may.
    """
    ask = partial(feedback.whether_to_answer, at=datetime.now(UTC), feedback=said)
    if said.dataset is not None:
        return _who_may(ask, [said.dataset.steward_id])
    assert said.submission is not None, "feedback has a subject"
    able = _checkers_who_may(ask)
    decided = set(said.submission.reviews.standing().values_list("reviewer", flat=True))
    return [one for one in able if one.pk in decided] or able


def _checkers_who_may(ask: Callable[[Person], questions.Question]) -> list[Person]:
    return _who_may(ask, Person.objects.holding(Role.OUTPUT_CHECKER, _today()).values_list("pk", flat=True))


def _who_may(ask: Callable[[Person], questions.Question], ids: Iterable[str]) -> list[Person]:
    people = Person.objects.with_roles().filter(pk__in=list(ids), is_active=True, suspended_at=None)
    return [person for person in people if _allowed(ask(person))]


def _allowed(question: questions.Question) -> bool:
    decision = policy.ask(question)
    if not decision.allow and not decision.revision:
        raise Unavailable(policy.UNANSWERED)
    return decision.allow


def welcome(ids: Iterable[str]) -> list[Person]:
    """Return those of these people who can read a notice."""
    return list(Person.objects.filter(pk__in=list(ids), is_active=True, suspended_at=None))


def _today() -> date:
    return datetime.now(UTC).date()
