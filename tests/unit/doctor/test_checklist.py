"""Another system's checklist: each point stands on a promise, a test or a reason, and claims no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import doctor
from hub.doctor import checklist
from hub.doctor.checklist import Outcome, Point
from hub.doctor.promise import Finding, Promise
from hub.places import places
from hub.satre.statements import exists

POINTS = checklist.points(checklist.LISTS["dsh"])
GOOD, BAD = Finding(ok=True, detail="3 containers, none has one"), Finding(ok=False, detail="one has")
NONE = Finding(ok=True, detail="0 containers, none has one")


def test_every_point_has_a_number_of_its_own() -> None:
    assert len({point.number for point in POINTS}) == len(POINTS) >= 45
    assert {point.number.split(".")[0] for point in POINTS} == {str(number) for number in range(1, 11)}


@pytest.mark.parametrize("point", POINTS, ids=[point.number for point in POINTS])
def test_what_a_point_stands_on_is_there(point: Point) -> None:
    known = {promise.promise for promise in doctor.PROMISES}
    assert set(point.looks) <= known
    assert all(exists(test, places.checkout) for test in point.tests)


def verdict(point: Point, finding: Finding) -> checklist.Verdict:
    promise = Promise("p", "how", "fix", lambda _places: finding)
    (found,) = checklist.go_through([point], [promise], lambda one: one.look(places))
    return found


@pytest.mark.parametrize(
    ("point", "finding", "outcome"),
    [
        (Point("1", "x", looks=("p",)), BAD, Outcome.FAILED),
        (Point("1", "x", looks=("p",), tests=("t",)), BAD, Outcome.FAILED),
        (Point("1", "x", failed="no"), GOOD, Outcome.FAILED),
        (Point("1", "x", looks=("p",)), NONE, Outcome.NOT_CHECKED),
        (Point("1", "x", looks=("p",), tests=("t",)), NONE, Outcome.TESTED),
        (Point("1", "x", tests=("t",)), GOOD, Outcome.TESTED),
        (Point("1", "x", not_applicable="rooms"), GOOD, Outcome.NOT_APPLICABLE),
        (Point("1", "x", looks=("p",)), GOOD, Outcome.PASSED),
    ],
)
def test_a_point_passes_only_by_what_was_looked_at(point: Point, finding: Finding, outcome: Outcome) -> None:
    found = verdict(point, finding)
    assert found.outcome is outcome
    assert found.reason


@pytest.mark.parametrize("ways", ['failed = "a"\nnot_applicable = "b"', 'looks = ["a"]\nfailed = "b"', ""])
def test_a_point_that_is_two_things_or_none_is_refused(tmp_path: Path, ways: str) -> None:
    file = tmp_path / "list.toml"
    file.write_text(f'[[point]]\nnumber = "1"\nasks = "x"\n{ways}\n')
    with pytest.raises(ValueError, match="point 1 must be"):
        checklist.points(file)


def test_the_summary_counts_every_outcome() -> None:
    given = [Point("1", "x", failed="no"), Point("2", "x", not_applicable="rooms")]
    found = list(checklist.go_through(given, [], lambda one: GOOD))
    assert checklist.summary(found).startswith(
        "2 points: 0 passed, 0 tested, 1 failed, 1 not applicable, 0 not checked."
    )
