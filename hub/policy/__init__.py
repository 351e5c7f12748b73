"""The one way to ask the policies: typed questions in, a Decision out, and no answer means no."""

from hub.policy import questions
from hub.policy.client import AT_ONCE, ask, ask_again, ask_at_once, revision
from hub.policy.decision import UNANSWERED, Decision

__all__ = [
    "AT_ONCE",
    "UNANSWERED",
    "Decision",
    "ask",
    "ask_again",
    "ask_at_once",
    "questions",
    "revision",
]
