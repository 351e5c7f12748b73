"""Screening: compares what would leave with the data it may have come from; no Django, no network.

`screen(paths, index, limits)` gives the verdict, `rebuild(path, kind)` the canonical copy.
"""

from __future__ import annotations

from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.recordings import Recording
from egress_review.screening.run import rebuild, screen
from egress_review.screening.verdict import FileVerdict, Finding, Severity, Verdict

__all__ = [
    "FileVerdict",
    "Finding",
    "Index",
    "Limits",
    "Recording",
    "Severity",
    "Verdict",
    "rebuild",
    "screen",
]
