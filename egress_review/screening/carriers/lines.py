"""JSON lines: each line an object, all of them a table."""

from __future__ import annotations

import json

from egress_review.screening import structured, text
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import LINES
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Text
from egress_review.screening.values import Json, leaves, tables_in
from egress_review.screening.verdict import Finding, note, refuse


def open(data: bytes, limits: Limits) -> Opened:
    """Return the lines as a table and their words as text; raises Unscreenable for a line that is no JSON."""
    content = text.decode(data, limits.text_bytes)
    values: list[Json] = [structured.parse(line, limits) for line in content.split("\n") if line.strip()]
    if not values:
        raise refuse("json", "The file holds no line of JSON.", "Leave it out.")
    if sum(1 for _ in leaves(values, "")) > limits.json_values:
        raise refuse("json_size", f"The file holds over {limits.json_values:,} values.", "Hand in a summary.")
    copies: list[Json] = []
    findings: list[Finding] = []
    for value in values:
        copy, changed = structured.rebuild(value)
        copies.append(json.loads(copy))
        findings += changed
    canonical = "".join(json.dumps(copy, ensure_ascii=False) + "\n" for copy in copies)
    said = [note("numbers", "Numbers were rounded.")] if findings else []
    return Opened((*tables_in(copies, limits), Text(canonical)), canonical.encode(), LINES, tuple(said))
