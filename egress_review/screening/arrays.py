"""Judges arrays of numbers: samples, frames of features, embeddings, weights."""

from __future__ import annotations

from egress_review.screening import disclosure
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array
from egress_review.screening.verdict import Finding, flag


def check(array: Array, index: Index, limits: Limits) -> list[Finding]:
    """Return what an array gives away; any that is too large to be read is for a human."""
    findings = disclosure.in_array(array.values, index, array.where or array.name)
    if findings or array.values.size <= limits.table_rows:
        return findings
    shape = " by ".join(str(side) for side in array.values.shape)
    return [
        flag(
            "numbers_many",
            f"An array of {shape} numbers can hold a recording or its features.",
            "Hand in aggregated numbers, or a plot.",
            array.where or array.name,
        )
    ]
