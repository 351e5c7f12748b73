"""The command line: `python -m egress_review screen PATH… --dataset DIR [--json]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress_review.screening import dataset
from egress_review.screening.context import Context, Earlier
from egress_review.screening.limits import Limits
from egress_review.screening.manifest import NoDataset
from egress_review.screening.run import screen
from egress_review.screening.verdict import Finding, Verdict, outcome_of

WORDS = {"pass": "pass", "flag": "review", "block": "block"}


def main(arguments: list[str]) -> int:
    """Screen files and folders against a dataset's folder; exit with 1 where anything is blocked."""
    parser = _parser()
    options = parser.parse_args(arguments)
    missing = [path for path in options.paths if not path.exists() and not path.is_symlink()]
    if missing:
        parser.error(f"there is no {missing[0]}")
    try:
        index = dataset.read(options.dataset)
        context = _context(options)
    except (NoDataset, OSError, ValueError) as error:
        parser.error(str(error))
    paths = list(_files(options.paths))
    # Any number of files may be screened here; the time for all grows with their number.
    limits = Limits(files=max(len(paths), 1), seconds=Limits.seconds_per_file * max(len(paths), 1))
    verdict = screen(
        {str(number): (path, path.name) for number, path in enumerate(paths)}, index, limits, context=context
    )
    report = [_report(path, str(number), verdict) for number, path in enumerate(paths)]
    sys.stdout.write(
        json.dumps(report, ensure_ascii=False, indent=2) + "\n" if options.json else _words(report, verdict)
    )
    return 1 if verdict.outcome == "block" else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m egress_review screen", description=main.__doc__)
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder with all its files"
    )
    parser.add_argument(
        "--dataset", type=Path, metavar="DIR", required=True, help="a folder with recordings.csv"
    )
    parser.add_argument(
        "--earlier", type=Path, metavar="DIR", action="append", default=[], help="what was released before"
    )
    parser.add_argument(
        "--declared", type=Path, metavar="FILE", help="JSON: how each file's numbers were made"
    )
    parser.add_argument(
        "--public", type=Path, metavar="FILE", help="SHA-256 sums of files that anybody may have, one a line"
    )
    parser.add_argument(
        "--unknown",
        choices=("flag", "block"),
        default="flag",
        help="what becomes of what no check understands",
    )
    parser.add_argument("--json", action="store_true", help="one JSON array instead of words")
    return parser


def _context(options: argparse.Namespace) -> Context:
    """Return what the options tell beside the files; raises OSError and ValueError for what can't be read."""
    declared = json.loads(options.declared.read_bytes()) if options.declared else {}
    public = options.public.read_text(encoding="utf-8").split("\n") if options.public else []
    return Context(
        earlier=tuple(Earlier(path, path.name) for path in _files(options.earlier)),
        declared=declared,
        public=frozenset(line.split()[0].lower() for line in public if line.split()),
        unknown=options.unknown,
    )


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from sorted(inner for inner in path.rglob("*") if not inner.is_dir() or inner.is_symlink())
        else:
            yield path


def _report(path: Path, file: str, verdict: Verdict) -> dict[str, Any]:
    # What is found about the submission as a whole weighs on each of its files.
    findings = [*verdict.findings_of(file), *verdict.findings_of(None)]
    return {
        "path": str(path),
        "verdict": WORDS[outcome_of(findings)],
        "findings": [_finding(finding) for finding in findings],
        "bits": next((judged.bits for judged in verdict.files if judged.file == file), None),
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "severity": str(finding.severity),
        "message": f"{finding.message} {finding.fix}".strip(),
        "where": finding.where,
    }


def _words(report: list[dict[str, Any]], verdict: Verdict) -> str:
    lines = []
    for file in report:
        room = "" if file["bits"] is None else f"  (room for at most about {file['bits']:,.0f} bits)"
        lines.append(f"{file['verdict']:6}  {file['path']}{room}")
        for finding in file["findings"]:
            place = f" [{finding['where']}]" if finding["where"] else ""
            lines.append(f"        {finding['severity']}: {finding['message']}{place}")
    return "\n".join([*lines, f"Together: {WORDS[verdict.outcome]}"]) + "\n"
