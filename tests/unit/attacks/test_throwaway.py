"""A throw-away session that goes wrong: the first reason is told, and that something of it is left."""

from __future__ import annotations

import pytest

from hub.attacks import throwaway
from hub.errors import Unavailable
from hub.places import places

NOT_STARTED, NOT_ENDED = "The engine started no session.", "It could not be ended."


def fails(sentence: str) -> object:
    def act(*_: object) -> None:
        raise Unavailable(sentence)

    return act


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine: a session starts and ends by word alone."""
    monkeypatch.setattr(throwaway.builder, "needed", lambda *_: "parlatory/workspace:unit")
    for name in ("_start", "_ready", "_clear"):
        monkeypatch.setattr(throwaway, name, lambda *_: None)


def test_the_first_reason_is_not_lost_where_the_end_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throwaway, "_start", fails(NOT_STARTED))
    monkeypatch.setattr(throwaway, "_clear", fails(NOT_ENDED))
    with pytest.raises(Unavailable, match=f"{NOT_STARTED} {NOT_ENDED}"), throwaway.session(places):
        pytest.fail("there is no session")


def test_the_first_reason_is_told_alone_where_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[object] = []
    monkeypatch.setattr(throwaway, "_clear", lambda *_: cleared.append(1))
    with pytest.raises(OSError, match="cut off"), throwaway.session(places):
        raise OSError("cut off")
    assert cleared == [1]


def test_what_cannot_be_ended_is_told_where_all_else_went_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throwaway, "_clear", fails(NOT_ENDED))
    with pytest.raises(Unavailable, match=f"^{NOT_ENDED}$"), throwaway.session(places):
        pass
