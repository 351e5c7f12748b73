"""Small counts among the labels of a drawing, a word or a number each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from egress_review.screening.disclosure.said import WHO
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, block, flag

FEWEST, MOST = 3, 60  # numbers that are counts, and lines of a drawing's words
WORDS = 6  # of a label
AXIS, TICKS = 3, 4  # numbers in even steps that are an axis, in lines and in one
NAMED = re.compile(rf"(?i)\b{WHO}\b")
NUMBER = re.compile(r"(?:[\w .\-]{1,20}[:=(]\s*)?(?:n\s*=\s*)?(\d{1,5})\)?")


def check(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block where a text's labels are counts of few people; a flag where they may be.

    Each line is a label: a few words, or a whole number that is no mark of an axis. Words say people.
    """
    lines = [line.strip() for line in content.split("\n") if line.strip()]
    low = _low_axis(lines, limits)
    if low:
        fix = f"Merge groups until each holds at least {limits.minimum_count} people."
        return [flag("small_labels", f"{low}; a human has to see whether groups are that small.", fix, where)]
    if not FEWEST < len(lines) <= MOST or any(len(line.split()) > WORDS for line in lines):
        return []
    told = [
        (int(match[1]), line.isdecimal()) if (match := NUMBER.fullmatch(line)) else None for line in lines
    ]
    named = any(NAMED.search(line) for line in lines)
    counts = list(_counts(told))
    few = sum(0 < count < limits.minimum_count for count in counts)
    labelled = sum(any(map(str.isalpha, line)) for line in lines)
    if len(counts) < FEWEST or not few or labelled < len(counts):
        return []
    if not named and 2 * few < len(counts):
        return []
    message = f"{few} of {len(counts)} labels are numbers under {limits.minimum_count}"
    said = ", and the words say people." if named else "; a human has to see whether they count people."
    fix = f"Merge groups until each holds at least {limits.minimum_count} people."
    return [(block if named else flag)("small_labels", message + said, fix, where)]


def _low_axis(lines: Sequence[str], limits: Limits) -> str:
    """Return that an axis beside words that say people ends at few of them, "" where none does."""
    if len(lines) > MOST or not any(NAMED.search(line) for line in lines):
        return ""
    for line in lines:
        words = line.split()
        marks = [int(word) for word in words if word.isdecimal() and len(word) <= 2]
        axis = len(marks) >= TICKS and 2 * len(marks) > len(words) and _goes_on(marks)
        if axis and min(marks) <= 1 and max(marks) <= limits.minimum_count:
            return f"An axis of people ends at {max(marks)}"
    return ""


def _counts(told: Sequence[tuple[int, bool] | None]) -> Iterator[int]:
    """Yield the numbers of labels, but those one behind another in even steps: an axis's."""
    run: list[int] = []
    for one in (*told, None):
        bare = one[0] if one and one[1] else None
        if bare is not None and _goes_on([*run, bare]):
            run.append(bare)
            continue
        yield from () if len(run) >= AXIS else run
        run = [] if bare is None else [bare]
        if one and not one[1]:
            yield one[0]


def _goes_on(run: Sequence[int]) -> bool:
    """Return whether numbers go one way in steps of one length, of which one may be missing."""
    steps = [after - before for before, after in pairwise(run)]
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        return False
    least = min(map(abs, steps), default=1)
    return all(step % least == 0 and abs(step) <= 2 * least for step in steps)
