"""Who is counted as able to review is who the policies would let vote, in every relation to a project."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

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
    """Ask whether somebody who is named may vote on something that nobody voted on yet."""
    person, now = people.fresh(by), datetime.now(UTC)
    question = permissions.whether_to_vote(
        people.of(person), now, by=person, submission=there.submission, vote=Vote.APPROVE
    )
    return policy.ask(replace(question, reviews=())).allow


def test_a_shortage_counts_as_the_policies_do(vault: Vault) -> None:
    there = world(vault)
    there.submission = there.at(State.IN_REVIEW)
    named = set(there.submission.project.named_checkers.values_list("person", flat=True))
    counted = set(shortages.able(there.submission.project).values_list("person", flat=True))
    names = {one.pk: name for name, one in there.actors.items()}
    allowed = {name for name, one in there.actors.items() if one.pk in named and may_vote(one, there)}
    assert {names[one] for one in counted} == allowed == {"output_checker", "voter"}
