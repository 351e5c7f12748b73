"""Where in a preview a finding is: the page, and the mark on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from egress_review.previews import opened, written

# How the screening says where something is, and how many such things stand on one page of the preview.
PLACE = re.compile(r"\b(row|line|cell|page|second) (\d{1,9})\b")
PER_PAGE = {
    "row": written.ROWS,
    "line": written.LINES,
    "cell": written.CELLS,
    "page": 1,
    "second": opened.LISTED,
}
# Seconds are counted from 0, everything else from 1.
FIRST = {"second": 0}


@dataclass(frozen=True)
class Anchor:
    """A place in a preview; without a fragment it is the file as a whole."""

    page: int = 1
    fragment: str = ""


def of(where: str) -> Anchor:
    """Return the place that a finding names; the first named is the one that its preview has a mark for."""
    found = PLACE.search(where)
    if found is None:
        return Anchor()
    kind, number = found[1], int(found[2])
    first = FIRST.get(kind, 1)
    return Anchor(page=max(0, number - first) // PER_PAGE[kind] + 1, fragment=f"{kind}-{number}")
