"""Counts of people behind the names of the data's groups: in captions, in legends, as a sign a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from egress_review.screening.disclosure import groups
from egress_review.screening.limits import Limits
from egress_review.screening.people import People, folded
from egress_review.screening.verdict import Finding, block

# A whole number alone or at the end of a name (wer_west_n7), or one sign again and again.
COUNT = re.compile(
    r"(?:(?<![\w.,])|(?<![^\W_])[nN])(\d{1,4})(?![\w%]|[.,]\d|\s?%)|"
    r"(?P<sign>[^\x00-\x7f\w\s]|\|(?=\|))(?: ?(?P=sign))*"
)
WORD = re.compile(r"[^\W_]+")
READ, LABEL, MOST = 60_000, 60, 400  # characters that are read, before a count, and counts
FEWEST, DIFFERENT, EXACT = 4, 3, 0.8  # counts, different ones, and the share of them that is the data's


def check(content: str, people: People, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block where nearly all counts behind names of groups are the data's, few people among them."""
    counts = list(_counts(content[:READ], people))
    exact = [said for said, true in counts if said == true]
    few = sum(0 < said < limits.minimum_count for said in exact)
    if len(exact) < max(FEWEST, EXACT * len(counts)) or len(set(exact)) < DIFFERENT or not few:
        return []
    message = (
        f"{few} of {len(exact)} counts here are of fewer than {limits.minimum_count} people of the data."
    )
    return [block("few_people", message, groups.least(limits), where)]


def _counts(content: str, people: People) -> Iterator[tuple[int, int]]:
    """Yield what is counted behind the name of a group, and how many people of the data are in it."""
    known = groups.names(people)
    last = read = 0
    for match in COUNT.finditer(content) if known else ():
        before = content[max(last, match.start() - LABEL) : match.start()]
        named: dict[int, set[int]] = {}
        for word in WORD.findall(before):
            for column, code in known.get(folded(word), ()):
                named.setdefault(column, set()).add(code)
        single = {column: codes.pop() for column, codes in named.items() if len(codes) == 1}
        if not single:
            continue
        last, read = match.end(), read + 1
        masks = [people.labels[column].codes == code for column, code in single.items()]
        counted = int(match[1] or match.group().count(match["sign"]))
        yield counted, people.people_in(np.all(masks, axis=0))
        if read >= MOST:
            return
