"""A first slice of the leak corpus, and the benign files beside it."""

from __future__ import annotations

import pytest

from tests.unit.screening.cases import BLOCKED, FLAGGED, benign, outcome


def named(cases: list[tuple[str, str, bytes | str]]) -> list[object]:
    """Return the cases as parameters with their names."""
    return [pytest.param(name, data, id=what) for what, name, data in cases]


@pytest.mark.parametrize(("name", "data"), named(BLOCKED))
def test_a_leak_is_blocked(name: str, data: bytes | str) -> None:
    assert outcome(name, data) == "block"


@pytest.mark.parametrize(("name", "data"), named(FLAGGED))
def test_a_doubtful_file_reaches_a_human(name: str, data: bytes | str) -> None:
    assert outcome(name, data) in ("flag", "block")


@pytest.mark.parametrize(("name", "data"), named(benign()))
def test_a_benign_file_is_not_blocked(name: str, data: bytes | str) -> None:
    assert outcome(name, data) != "block"
