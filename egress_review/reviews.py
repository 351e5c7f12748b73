"""Votes of two reviewers who can't see each other's, and what follows from them."""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from egress_review import permissions, releases
from egress_review.models import REVIEWERS_NEEDED, Review, Submission, Vote
from egress_review.states import State, require_move
from egress_review.submissions import move, named
from egress_review.vault import Vault
from hub import rows
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person

log = logging.getLogger("parlatory.reviews")

FEWEST_WORDS = 3
LONGEST_COMMENT = 5_000
KIND = {State.APPROVED: Kind.APPROVED, State.RETURNED: Kind.RETURNED, State.REJECTED: Kind.REJECTED}


def vote(*, by: Person, submission: Submission, vote: Vote, comment: str, vault: Vault) -> Review:
    """Cast a vote, once; the last one needed decides, and an approved submission leaves at once."""
    said = _comment(vote, comment)
    allowed = permissions.to_vote(by=by, submission=submission, vote=vote)
    with transaction.atomic():
        rows.recheck(submission, submission.project)
        _require_open(submission)
        allowed.use()
        review = Review.objects.create(
            submission=submission,
            reviewer_id=by.id,
            vote=vote.value,
            comment=said,
            decision_id=allowed.decision.id if allowed.decision else "",
        )
        # Which way it went stays out of this entry: the ledger has readers while the other vote is open.
        entries.append(Kind.VOTED, by=by.id, subject=submission.id, facts={"review": review.pk})
        _consolidate(submission)
    if submission.state == State.APPROVED:
        releases.attempt(by=by, submission=submission, vault=vault)
    return review


def outcome(votes: Collection[Vote]) -> State | None:
    """Return what follows from the votes: unanimity decides, everything else goes back; None is too few."""
    if len(votes) < REVIEWERS_NEEDED:
        return None
    if set(votes) == {Vote.APPROVE}:
        return State.APPROVED
    if set(votes) == {Vote.REJECT}:
        return State.REJECTED
    return State.RETURNED


def _consolidate(submission: Submission) -> None:
    """Decide when the votes are complete; else mark the row as changed, so that two voters can't cross."""
    cast = list(Review.objects.filter(submission=submission))
    decided = outcome([Vote(review.vote) for review in cast])
    if decided is None:
        rows.claim(submission)
        return
    move(submission, decided, decided_at=timezone.now())
    entries.append(
        KIND[decided],
        by="enclave",
        subject=submission.id,
        facts={"votes": [{"reviewer": review.reviewer_id, "vote": review.vote} for review in cast]},
    )
    log.info("submission_decided submission=%s state=%s", submission.id, decided.value)


def _require_open(submission: Submission) -> None:
    if submission.state != State.IN_REVIEW:
        raise WrongState(f"{named(submission)} is {State(submission.state).label}; it takes no votes.")
    require_move(named(submission), submission.state, State.APPROVED)


def _comment(vote: Vote, comment: str) -> str:
    plain = comment.replace("\r\n", "\n").strip()
    if len(plain) > LONGEST_COMMENT:
        raise Invalid(f"The comment is longer than {LONGEST_COMMENT} characters; say it more briefly.")
    if vote is not Vote.APPROVE and len(plain.split()) < FEWEST_WORDS:
        raise Invalid("Say in the comment what its author should change, or why it can't leave.")
    return plain
