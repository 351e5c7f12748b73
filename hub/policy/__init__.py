"""The one way to ask the policies: typed questions in, a Decision out, and no answer means no."""

from hub.policy import questions
from hub.policy.client import ask, ask_again, revision
from hub.policy.decision import UNANSWERED, Decision

__all__ = ["UNANSWERED", "Decision", "ask", "ask_again", "questions", "revision"]
