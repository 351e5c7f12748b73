"""Who is counted as able to review is who the policies would let vote, in every relation to a project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egress_review import permissions, shortages
from egress_review.models import Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub import policy
from hub.people import facts as people
from hub.people.models import Person
from tests.integration.review.who_may import World, world

pytestmark = pytest.mark.django_db


def may_vote(by: Person, there: World) -> bool:
    """Ask whether somebody may vote on something that nobody voted on yet."""
    question = permissions.whether_to_vote(there.submission, Vote.APPROVE)(people.fresh(by))
    return policy.ask(replace(question, reviews=())).allow


@pytest.mark.parametrize("nobody_is_named", [False, True])
def test_a_shortage_counts_as_the_policies_do(vault: Vault, nobody_is_named: bool) -> None:
    there = world(vault)
    there.submission = there.at(State.IN_REVIEW)
    project = there.submission.project
    others = {"checker who is not named"} if nobody_is_named else set()
    if nobody_is_named:
        project.named_checkers.all().delete()
    names = {one.pk: name for name, one in there.actors.items()}
    counted = {one.pk for one in shortages.able(project).filter(pk__in=names)}
    allowed = {name for name, one in there.actors.items() if may_vote(one, there)}
    assert {names[one] for one in counted} == allowed == {"output_checker", "voter"} | others
    unfit = shortages.why_not(Person.objects.filter(pk__in=names), project)
    fit = {"checker who is not named", *allowed}
    assert {names[one] for one in unfit} == there.actors.keys() - fit
