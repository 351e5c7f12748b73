"""What checkers write: plain text that its readers see as it is, for the author or for checkers only."""

from __future__ import annotations

from egress_review.models import Vote
from egress_review.submissions import UNSEEN
from hub.errors import Invalid

FEWEST_WORDS = 3
LONGEST = 5_000


def plain(text: str, *, what: str) -> str:
    """Return text with unix line ends; what is too long or can't be seen is refused."""
    said = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(said) > LONGEST:
        raise Invalid(f"The {what} is longer than {LONGEST} characters; say it more briefly.")
    if UNSEEN.search(said):
        raise Invalid(f"The {what} has characters that can't be seen; write it as plain text.")
    return said


def reason(vote: Vote, comment: str) -> str:
    """Return the comment on a vote; a vote that lets nothing leave says what to change or why."""
    said = plain(comment, what="comment")
    if vote is not Vote.APPROVE and len(said.split()) < FEWEST_WORDS:
        raise Invalid("Say in the comment what its author should change, or why it can't leave.")
    return said
