"""What the bench calls caught, how sure it is, and what it prints."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from egress_review.bench import hours, leaks, report, speed
from egress_review.bench.scores import Result, Share, wilson
from egress_review.bench.speed import Grown, Measured, Took
from egress_review.screening.verdict import FileVerdict, Verdict, block, flag
from tests.leaks.registry import Submission

BLOCKED = Verdict(
    (FileVerdict("a", "text", "text/plain", None, None, None),), (block("x", "A reason of it."),)
)
FLAGGED = Verdict((FileVerdict("a", "text", "text/plain", b"copy", "a.txt", 0.0),), (flag("x", "A reason."),))
PASSED = Verdict((FileVerdict("a", "text", "text/plain", b"the payload", "a.txt", 0.0),), ())
CLEAN = Verdict((FileVerdict("a", "text", "text/plain", b"a copy", "a.txt", 0.0),), ())


@pytest.mark.parametrize(
    ("mark", "verdict", "caught"),
    [
        ("B", PASSED, False),
        ("B", FLAGGED, False),
        ("B", BLOCKED, True),
        ("F", PASSED, False),
        ("F", FLAGGED, True),
        ("F", BLOCKED, True),
        ("N", PASSED, False),
        ("N", CLEAN, True),
        ("N", BLOCKED, True),
        ("benign", BLOCKED, False),
        ("benign", FLAGGED, True),
        ("benign", PASSED, True),
    ],
)
def test_a_verdict_is_right_by_the_mark(mark: str, verdict: Verdict, caught: bool) -> None:
    submission = Submission({"a.txt": b"the payload"}, b"the payload")
    assert leaks.judged(mark, submission, verdict) == caught


def test_a_formula_that_is_text_is_gone_though_its_words_are_not() -> None:
    plain = Submission({"a.csv": b"=X("}, b"the payload", lambda copy: b"", harmless_as_text=True)
    runs = Submission({"a.csv": b"=X("}, b"the payload", lambda copy: copy, harmless_as_text=True)
    assert leaks.judged("N", plain, PASSED)
    assert not leaks.judged("N", runs, PASSED)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 0, 0, 1), (50, 100, 0.404, 0.596), (10, 10, 0.722, 1), (0, 10, 0, 0.278)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=0.001)


def test_nothing_tried_is_no_share() -> None:
    assert str(Share(0, 0)) == Share(0, 0).words == "–"


def result(number: int, caught: bool, **more: object) -> Result:
    """Return what came of one submission."""
    key = f"{number}/a" if number else "benign/a/0"
    made = Result("demo", number, "B" if number else "benign", "a title", key, 1, caught, **more)
    return made


def test_the_table_names_what_was_missed_and_what_was_blocked_wrongly() -> None:
    results = [
        result(8, True, outcome="block", others={"ClamAV": False}),
        result(9, False, outcome="pass", others={"ClamAV": False}),
        result(0, False, outcome="block", checks=("transcripts:block",), others={"ClamAV": True}),
    ]
    said = report.table(results, "testing", ["ClamAV"])
    assert "--only 9/a --seed 1: a title, B but pass [demo]" in said
    assert "--only 8/a" not in said
    assert "Benign: 1/1 submissions blocked" in said
    assert "--only benign/a/0 --seed 1: transcripts:block" in said
    assert "ClamAV 0/1" in said


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        ([], True),
        (["57"], True),
        (["57/opus-png"], True),
        (["56-67"], True),
        (["58"], False),
        (["benign"], False),
    ],
)
def test_cases_are_chosen_by_number_range_and_key(only: list[str], wanted: bool) -> None:
    assert leaks.wanted(SimpleNamespace(number=57, key="57/opus-png"), only) == wanted


def test_figures_of_speed_are_the_measured_ones() -> None:
    took = (Took(2.0, 1.5, "pass"), Took(4.0, 2.5, "block"))
    measured = Measured(
        list(took), {"a.csv": (1000, 2e6, None)}, [Grown(10, 10**9, 5 * 10**6, 60.0, took, took)], 99
    )
    said = speed.report(measured)
    assert "p50 3.00 s, p95 3.90 s, longest 4.00 s" in said
    assert "not here" in said
    assert "0.50%" in said
    assert "1/2" in said


def test_made_hours_do_not_repeat_themselves() -> None:
    heard = [(np.random.default_rng(n).normal(size=8000).astype(np.float32), 8000) for n in range(4)]
    one, other = (hours.utterance(heard, 1.1, random.Random(seed)) for seed in (1, 2))
    assert 2 * 8000 <= len(one) <= 9 * 8000
    second = min(len(one), len(other), 8000)
    assert abs(np.corrcoef(one[:second], other[:second])[0, 1]) < 0.1
