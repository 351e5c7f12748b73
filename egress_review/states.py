"""The states of a submission and the legal moves between them, in one dict."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from hub.errors import WrongState


class State(StrEnum):
    """Where a submission is on its way out."""

    SUBMITTED = "submitted"
    SCREENING = "screening"
    BLOCKED = "blocked"
    IN_REVIEW = "in_review"
    DIFFERING = "differing"
    RETURNED = "returned"
    REJECTED = "rejected"
    APPROVED = "approved"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in words, as a page shows it."""
        return self.value.replace("_", " ")


MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.SUBMITTED: frozenset({State.SCREENING, State.WITHDRAWN}),
        # Back to submitted: the engine did not answer, which says nothing about the files.
        State.SCREENING: frozenset({State.SUBMITTED, State.BLOCKED, State.IN_REVIEW, State.WITHDRAWN}),
        State.BLOCKED: frozenset(),
        State.IN_REVIEW: frozenset(
            {State.DIFFERING, State.RETURNED, State.REJECTED, State.APPROVED, State.WITHDRAWN}
        ),
        # Back to review: one of the two declared a conflict, so that another has to look.
        State.DIFFERING: frozenset(
            {State.IN_REVIEW, State.RETURNED, State.REJECTED, State.APPROVED, State.WITHDRAWN}
        ),
        State.RETURNED: frozenset(),
        State.REJECTED: frozenset(),
        State.APPROVED: frozenset({State.RELEASED, State.WITHDRAWN}),
        State.RELEASED: frozenset(),
        State.WITHDRAWN: frozenset(),
    }
)

MEANING: Mapping[State, str] = MappingProxyType(
    {
        State.SUBMITTED: "Handed in and frozen; waits for the screening.",
        State.SCREENING: "Being screened in a container without a network.",
        State.BLOCKED: "The screening found something that may not leave; see the findings and hand in anew.",
        State.IN_REVIEW: "Waits for the votes of its output checkers.",
        State.DIFFERING: "The checkers differ; each has read the others and answers once more.",
        State.RETURNED: "Sent back with comments; change what they ask, then hand in anew in its place.",
        State.REJECTED: "The checkers rejected it; it cannot leave.",
        State.APPROVED: "The checkers approved it; it leaves as soon as its bytes are verified.",
        State.RELEASED: "Left the enclave; the project's people can download it with its receipt.",
        State.WITHDRAWN: "Taken back before it left, by its author, its project's lead or a checker.",
    }
)

FIRST = State.SUBMITTED
DUE_FOR_SCREENING = frozenset({State.SUBMITTED, State.SCREENING})
VOTING = frozenset({State.IN_REVIEW, State.DIFFERING})
# Handed in anew in place of one of these, what is unchanged keeps its votes.
REPLACEABLE = frozenset({State.RETURNED, State.BLOCKED})
DECIDED = frozenset({State.RETURNED, State.REJECTED, State.APPROVED, State.RELEASED})
OPEN = frozenset(state for state, following in MOVES.items() if following)


def require_move(subject: str, present: State | str, wish: State) -> None:
    """Raise WrongState unless a submission may go from its present state to the wished one."""
    state = State(present)
    if wish not in MOVES[state]:
        raise WrongState(f"{subject} is {state.label}; it cannot become {wish.label}.")
