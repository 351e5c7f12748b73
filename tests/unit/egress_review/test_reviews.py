"""Votes: blind until both are in, cast once, and what follows from them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from egress_review import reviews
from egress_review.models import Review, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Decision, Entry
from tests.unit.egress_review.factories import checker, review, submission
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db

APPROVE, RETURN, REJECT = Vote.APPROVE, Vote.RETURN, Vote.REJECT


@pytest.mark.parametrize("state", [state for state in State if state is not State.IN_REVIEW])
def test_no_vote_is_taken_outside_review(state: State, vault: Vault) -> None:
    found = submission(state, vault=vault)
    with pytest.raises(WrongState, match="takes no votes"):
        reviews.vote(by=checker(), submission=found, vote=REJECT, comment="this can not leave", vault=vault)
    assert not Review.objects.exists()


def test_a_denied_vote_is_on_the_ledger_and_counts_for_nothing(vault: Vault, policies: Policies) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    policies.deny("vote", "You handed this in yourself; ask another checker.")
    with pytest.raises(Refused, match="yourself"):
        reviews.vote(by=found.author, submission=found, vote=APPROVE, comment="", vault=vault)
    assert not Review.objects.exists()
    assert Decision.objects.get().allow is False


@pytest.mark.parametrize("vote", [RETURN, REJECT])
@pytest.mark.parametrize("comment", ["", "   ", "no no"])
def test_a_no_needs_a_reason(vote: Vote, comment: str, vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    with pytest.raises(Invalid, match="Say in the comment"):
        reviews.vote(by=checker(), submission=found, vote=vote, comment=comment, vault=vault)


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (RETURN, RETURN, State.RETURNED),
        (APPROVE, REJECT, State.DIFFERING),
        (REJECT, APPROVE, State.DIFFERING),
        (APPROVE, RETURN, State.DIFFERING),
        (RETURN, APPROVE, State.DIFFERING),
        (REJECT, RETURN, State.DIFFERING),
        (RETURN, REJECT, State.DIFFERING),
        (REJECT, REJECT, State.REJECTED),
        (APPROVE, APPROVE, State.RELEASED),
    ],
)
def test_what_two_votes_decide(first: Vote, second: Vote, state: State, vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    reviews.vote(by=checker(), submission=found, vote=first, comment="one good reason", vault=vault)
    found.refresh_from_db()
    assert found.state == State.IN_REVIEW
    reviews.vote(by=checker(), submission=found, vote=second, comment="one good reason", vault=vault)
    found.refresh_from_db()
    assert found.state == state
    assert (found.decided_at is None) == (state is State.DIFFERING)


@pytest.mark.parametrize("votes", [[], [APPROVE]])
def test_fewer_than_two_votes_decide_nothing(votes: list[Vote]) -> None:
    cast = {f"reviewer {number}": {"file": vote} for number, vote in enumerate(votes)}
    assert reviews.outcome(cast, needed=2, settled=True) is None


def test_one_approval_twice_by_one_person_decides_nothing(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    reviews.vote(by=by, submission=found, vote=APPROVE, comment="", vault=vault)
    found.refresh_from_db()
    with pytest.raises(IntegrityError):
        reviews.vote(by=by, submission=found, vote=APPROVE, comment="", vault=vault)
    found.refresh_from_db()
    assert found.state == State.IN_REVIEW


def test_a_reviewer_cannot_read_the_others_vote_before_both_are_in(vault: Vault) -> None:
    found, first, second = submission(State.IN_REVIEW, vault=vault), checker(), checker()
    review(found, APPROVE, by=first)
    assert not Review.objects.readable_by(second.id).exists()
    assert Review.objects.readable_by(first.id).count() == 1
    review(found, RETURN, by=second)
    assert Review.objects.readable_by(second.id).count() == 2


def test_the_author_reads_no_vote_before_both_are_in(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    review(found, REJECT)
    assert not Review.objects.readable_by(found.author_id).exists()


def test_the_ledger_does_not_say_which_way_an_open_vote_went(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    reviews.vote(by=checker(), submission=found, vote=REJECT, comment="this can not leave", vault=vault)
    entries = Entry.objects.exclude(kind="decision_allowed")
    assert "reject" not in "".join(str(entry.facts) for entry in entries)


def test_two_votes_that_cross_are_not_both_taken_on_one_reading(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    stale = type(found).objects.get(pk=found.pk)
    reviews.vote(by=checker(), submission=found, vote=APPROVE, comment="", vault=vault)
    with pytest.raises(WrongState, match="changed by somebody else"):
        reviews.vote(by=checker(), submission=stale, vote=APPROVE, comment="", vault=vault)


def test_the_policy_is_told_the_votes_so_far_and_who_asks(vault: Vault, policies: Policies) -> None:
    found, first, second = submission(State.IN_REVIEW, vault=vault), checker(), checker()
    reviews.vote(by=first, submission=found, vote=APPROVE, comment="", vault=vault)
    reviews.vote(by=second, submission=found, vote=APPROVE, comment="", vault=vault)
    released = policies.asked[-1].to_input()
    assert released["action"] == "release"
    assert {vote["reviewer"] for vote in released["reviews"]} == {first.id, second.id}
    assert released["person"]["id"] == second.id
