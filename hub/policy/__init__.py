"""The one way to ask the policies: typed questions in, a Decision out, and no answer means no."""

from collections.abc import Sequence

from hub.policy import questions
from hub.policy.client import AT_ONCE, ask, ask_again, ask_at_once, revision
from hub.policy.decision import UNANSWERED, Decision

__all__ = [
    "AT_ONCE",
    "UNANSWERED",
    "Decision",
    "ask",
    "ask_again",
    "ask_all",
    "ask_at_once",
    "questions",
    "revision",
]


def ask_all(asked: Sequence[questions.Question]) -> tuple[Decision, ...]:
    """Return the decision on each of any number of questions about sessions, in as few looks as may be.

    Any doubt about one of a look's answers denies every question of that look.
    """
    looks = [asked[start : start + AT_ONCE] for start in range(0, len(asked), AT_ONCE)]
    return tuple(decision for some in looks for decision in ask_at_once(some))
