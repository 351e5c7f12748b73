"""What an author is told: comments that are theirs to read, and what to do next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from egress_review.models import FileVote, Review, Submission
from egress_review.states import REPLACEABLE, State


@dataclass(frozen=True)
class Said:
    """A checker's comment for the author; without a file it is about the whole."""

    reviewer: str
    file: str
    vote: str
    comment: str


NEXT = {
    State.SUBMITTED: "Nothing: it is screened within minutes. Until it left, you can withdraw it.",
    State.SCREENING: "Nothing: its screening runs.",
    State.IN_REVIEW: "Nothing: output checkers read it. Until it left, you can withdraw it.",
    State.DIFFERING: "Nothing: the checkers settle where they differ.",
    State.APPROVED: "Nothing: it leaves as soon as its bytes are verified.",
    State.RELEASED: "Download its files below. The receipt proves what left and who decided.",
    State.REJECTED: "It can’t leave. Read why; a different result has to be handed in as a new submission.",
    State.WITHDRAWN: "It was taken back. Hand in again from your session if you still need it.",
    State.BLOCKED: "Put right what the screening names below, then hand in anew.",
    State.RETURNED: "Change what the checkers ask for below, then hand in anew.",
}


def next_of(submission: Submission) -> str:
    """Return what an author does next."""
    return NEXT[State(submission.state)]


def call(submission: Submission) -> str:
    """Return the call that hands a submission in anew, for copying; empty where nothing is to replace."""
    if State(submission.state) not in REPLACEABLE or submission.replaced_by.exists():
        return ""
    names = ", ".join(f'"{file.name}"' for file in submission.files.all())
    return f'parlatory.submit({names}, title=…, context=…, controls=…, replaces="{submission.pk}")'


def to_author(author: str, submissions: Collection[str]) -> dict[str, list[Said]]:
    """Return the comments that an author may read, by submission: of the whole first, then of each file."""
    said: dict[str, list[Said]] = {}
    whole = Review.objects.filter(submission__in=submissions).readable_by(author).exclude(comment="")
    for review in whole.select_related("reviewer"):
        one = Said(review.reviewer.name, "", review.vote, review.comment)
        said.setdefault(review.submission_id, []).append(one)
    votes = FileVote.objects.filter(file__submission__in=submissions).readable_by(author).exclude(comment="")
    for vote in votes.select_related("file", "reviewer").order_by("file__position", "voted_at"):
        one = Said(vote.reviewer.name, vote.file.name, vote.vote, vote.comment)
        said.setdefault(vote.file.submission_id, []).append(one)
    return said
