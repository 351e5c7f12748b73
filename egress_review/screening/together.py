"""Looks at the files of a submission together, and beside what the project released before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from egress_review.screening import acro, continued, declared, differencing, split
from egress_review.screening.context import Context
from egress_review.screening.context import HandedIn as HandedIn
from egress_review.screening.index import Index
from egress_review.screening.inspection import Looked
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding


def look(files: Mapping[str, tuple[Path, str]], index: Index, context: Context, limits: Limits) -> Looked:
    """Return what only several files show: data split over them, differences between releases.

    Runs in one isolated process; a finding's `file` is the id of the file it is about, None for all.
    """
    handed_in = [
        HandedIn(file, name, path.read_bytes()) for file, (path, name) in files.items() if path.is_file()
    ]
    findings: list[Finding] = []
    for check in CHECKS:
        findings += check(handed_in, index, context, limits)
    return Looked("together", "application/octet-stream", "", b"", tuple(findings))


CHECKS: tuple[Callable[[list[HandedIn], Index, Context, Limits], list[Finding]], ...] = (
    declared.check,
    acro.check,
    differencing.check,
    split.check,
    continued.check,
)
