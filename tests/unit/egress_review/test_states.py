"""The legal moves, exhaustively, and their drawing in the README."""

from __future__ import annotations

from itertools import product

import pytest

from egress_review import diagram
from egress_review.states import FIRST, MEANING, MOVES, OPEN, State, require_move
from hub.errors import WrongState

LEGAL = {
    ("submitted", "screening"),
    ("submitted", "withdrawn"),
    ("screening", "submitted"),
    ("screening", "blocked"),
    ("screening", "in_review"),
    ("screening", "withdrawn"),
    ("in_review", "returned"),
    ("in_review", "rejected"),
    ("in_review", "approved"),
    ("in_review", "withdrawn"),
    ("in_review", "differing"),
    ("differing", "in_review"),
    ("differing", "returned"),
    ("differing", "rejected"),
    ("differing", "approved"),
    ("differing", "withdrawn"),
    ("approved", "released"),
    ("approved", "withdrawn"),
}
EVERY_PAIR = [(a.value, b.value) for a, b in product(State, State)]


@pytest.mark.parametrize(("present", "wish"), [pair for pair in EVERY_PAIR if pair not in LEGAL])
def test_every_other_move_is_refused_with_a_sentence(present: str, wish: str) -> None:
    with pytest.raises(WrongState, match="cannot become"):
        require_move("Submission “x”", present, State(wish))


@pytest.mark.parametrize(("present", "wish"), sorted(LEGAL))
def test_a_legal_move_is_allowed(present: str, wish: str) -> None:
    require_move("Submission “x”", present, State(wish))


def test_each_state_has_moves_and_a_meaning() -> None:
    assert set(MOVES) == set(MEANING) == set(State)


def test_what_was_decided_or_left_never_moves_again() -> None:
    ended = {state for state in State if state not in OPEN}
    assert ended == {State.BLOCKED, State.RETURNED, State.REJECTED, State.RELEASED, State.WITHDRAWN}


def test_every_state_can_be_reached() -> None:
    reached, waiting = set(), [FIRST]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting += MOVES[state] - reached
    assert reached == set(State)


def test_nothing_is_released_but_from_approved() -> None:
    assert [state for state in State if State.RELEASED in MOVES[state]] == [State.APPROVED]


def test_the_readme_shows_the_states_as_they_are() -> None:
    assert diagram.holds(), "run `python -m egress_review states --write`"


def test_a_drifted_readme_is_noticed() -> None:
    text = diagram.README.read_text().replace("submitted --> screening", "submitted --> released")
    assert diagram.redrawn(text) != text
