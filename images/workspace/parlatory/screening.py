"""Screens files with an index of nothing, writes JSON: `python screening.py FILE…`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from egress_review.screening import Finding, Index, Limits, screen
from egress_review.screening.context import Context
from egress_review.screening.verdict import outcome_of

WORDS = {"pass": "pass", "flag": "review", "block": "block"}


def main(arguments: list[str]) -> int:
    """Write one object a file: its name, its verdict, its findings."""
    paths = [Path(argument) for argument in arguments]
    verdict = screen(
        {str(number): (path, path.name) for number, path in enumerate(paths)},
        Index(),
        Limits(),
        context=Context(unknown="flag"),
    )
    report = []
    for number, path in enumerate(paths):
        # What is found about all files together weighs on each of them.
        findings = [*verdict.findings_of(str(number)), *verdict.findings_of(None)]
        report.append(
            {"name": path.name, "verdict": WORDS[outcome_of(findings)], "findings": [*map(_told, findings)]}
        )
    json.dump(report, sys.stdout)
    return 0


def _told(finding: Finding) -> dict[str, str]:
    return {
        "severity": str(finding.severity),
        "message": finding.message,
        "fix": finding.fix,
        "where": finding.where,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
