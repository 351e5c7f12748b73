"""Plots made of letters, and what stands below plots: stems with leaves, numbers at risk."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, block, flag
from egress_review.screening.wording import at

_BAR = r"\s*[|\u2502\u2503]\s*"
# A stem between its leaves or before them; R prints how many leaves are so far before it.
STEM = re.compile(
    rf"^\s*(?:\(?\d{{1,5}}\)?\s++)?(?:([\d ]{{0,200}}\d){_BAR})?(-?\d{{1,5}}){_BAR}([\d ]{{0,200}})$"
)
STEMS, FEWEST, CHANCE = 3, 10, 1e-4  # lines, leaves, and how likely leaves are in order by chance
SEVERAL = 2  # stems with more than one leaf; with fewer of them it is another table
AT_RISK = re.compile(
    r"(?i)\b(?:numbers?|no\.?|n|people|speakers|patients|participants|subjects)\s+(?:still\s+)?at\s+risk\b|"
    r"\bn\.?risk\b"
)
CENSORED = re.compile(r"\(\d{1,7}\)")
BETWEEN = re.compile(r"[\s|,;:]+")
BELOW, AT_TIMES = 14, 3  # lines below the words that are read, numbers in one
LONGEST = 400  # characters of a line


def check(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return what plots written in a text give away of single people or few of them."""
    return [*stems(content, where), *at_risk(content, limits, where)]


def stems(content: str, where: str = "") -> list[Finding]:
    """Return a block for a stem-and-leaf plot: each leaf is the value of one person or recording."""
    run: list[tuple[int, list[str]]] = []
    lines = content.split("\n")
    for number, line in enumerate([*lines, "."]):
        match = STEM.match(line) if len(line) < LONGEST else None
        if match:
            run.append((int(match[2]), [side for side in (match[1], match[3]) if side]))
            continue
        if line.strip() and (sure := _are_leaves(run)) is not None:
            message = "Each leaf of this stem-and-leaf plot is the value of one person or recording."
            fix = "Hand in a histogram whose bars each hold enough people."
            place = at(where, number - len(run) + 1)
            make, check = (block, "row_level") if sure else (flag, "extremes")
            return [make(check, message, fix, place)]
        run = [] if line.strip() else run
    return []


def _are_leaves(run: list[tuple[int, list[str]]]) -> bool | None:
    """Return True for leaves in such an order as chance makes none, False for few, None for no leaves."""
    rising = [a <= b <= a + 10 for (a, _), (b, _) in pairwise(run)]
    falling = [b <= a <= b + 10 for (a, _), (b, _) in pairwise(run)]
    if len(run) < STEMS or not (all(rising) or all(falling)):
        return None
    leaves = [
        side.split() if " " in side.strip() else list(side.strip()) for _, sides in run for side in sides
    ]
    if not all(leaf.isdigit() for side in leaves for leaf in side):
        return None
    values = [[int(leaf) for leaf in side] for side in leaves]
    ordered = [side for side in values if side in (sorted(side), sorted(side, reverse=True))]
    chance = math.prod(2 / math.factorial(min(len(side), 20)) for side in ordered if len(side) > 1)
    if len(ordered) < len(values) or sum(len(side) > 1 for side in values) < SEVERAL:
        return None
    return sum(map(len, values)) >= FEWEST and chance < CHANCE


def at_risk(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block for numbers at risk below a plot of survival that go down to few people."""
    lines = [line[:LONGEST] for line in content.split("\n")]
    for start in (number for number, line in enumerate(lines) if AT_RISK.search(line)):
        for number in range(start, min(start + BELOW, len(lines))):
            counts = _counts(lines[number])
            falls = len(counts) >= AT_TIMES and all(a >= b for a, b in pairwise(counts))
            if falls and counts[0] > counts[-1] and any(0 < one < limits.minimum_count for one in counts):
                message = f"The numbers at risk go down to fewer than {limits.minimum_count} people."
                fix = f"End the curve where fewer than {limits.minimum_count} people are left."
                return [block("small_cells", message, fix, at(where, number + 1))]
    return []


def _counts(line: str) -> list[int]:
    """Return the whole numbers that a line ends with; those in parentheses count who was lost."""
    counts: list[int] = []
    for one in reversed([one for one in BETWEEN.split(CENSORED.sub(" ", line)) if one]):
        if not one.isdecimal() or len(one) > 7:
            break
        counts.append(int(one))
    return counts[::-1]
