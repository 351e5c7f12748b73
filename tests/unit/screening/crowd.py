"""A made-up dataset with columns: sixty people of four regions, and the table of their recordings."""

from __future__ import annotations

import io
import random
import statistics
from collections.abc import Callable, Iterable

from egress_review.screening import Finding, Index, Limits, Recording, Severity
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.inspection import look

LIMITS = Limits()
REGIONS = ("north", "south", "east", "west")
Row = dict[str, str]


def rows(seed: int = 5, speakers: int = 60, each: int = 12) -> list[Row]:
    """Return a per-recording table: region and sex of the speaker, age, seconds, pitch, level."""
    pick = random.Random(seed)
    found = []
    for speaker in range(speakers):
        sex, age = "FM"[speaker // 4 % 2], pick.randrange(18, 70)
        pitch = pick.gauss(210 if sex == "F" else 120, 15)
        for number in range(each):
            found.append(
                {
                    "recording": f"p{speaker:03d}x-{pick.randrange(10**5, 10**6)}-{number:04d}",
                    "speaker": f"p{speaker:03d}x",
                    "region": REGIONS[speaker % 4],
                    "sex": sex,
                    "age": str(age),
                    "seconds": f"{pick.gammavariate(4, 1.2):.3f}",
                    "f0_hz": f"{pick.gauss(pitch, 6):.2f}",
                    "snr_db": f"{pick.gauss(30, 5):.1f}",
                }
            )
    return found


def recordings(table: Iterable[Row]) -> list[Recording]:
    """Return a per-recording table as the index takes it."""
    known = ("recording", "speaker")
    return [
        Recording(
            row["recording"], row["speaker"], "", "", tuple((k, v) for k, v in row.items() if k not in known)
        )
        for row in table
    ]


CROWD = rows()
INDEX = Index.of(recordings(CROWD), ("crowd",))


def csv(header: Iterable[object], body: Iterable[Iterable[object]]) -> str:
    """Return a table as CSV."""
    out = io.StringIO()
    for row in (header, *body):
        out.write(",".join(map(str, row)) + "\n")
    return out.getvalue()


def sample(count: int, seed: int = 1) -> list[Row]:
    """Return some rows, shuffled."""
    return random.Random(seed).sample(CROWD, count)


def of(key: Callable[[Row], object], table: Iterable[Row] = CROWD) -> dict[object, list[Row]]:
    """Return rows by a key, in the order of the keys."""
    found: dict[object, list[Row]] = {}
    for row in table:
        found.setdefault(key(row), []).append(row)
    return dict(sorted(found.items(), key=str))


def mean(table: Iterable[Row], column: str) -> float:
    """Return the mean of a column."""
    return statistics.fmean(float(row[column]) for row in table)


def people(table: Iterable[Row]) -> int:
    """Return how many people speak in rows."""
    return len({row["speaker"] for row in table})


def found_in(name: str, content: str, index: Index = INDEX) -> list[Finding]:
    """Return what is found in one file worse than a note, in this process."""
    findings = look(content.encode(), name, index, LIMITS).findings
    return [finding for finding in findings if finding.severity is not Severity.NOTE]


def worst(findings: Iterable[Finding]) -> str:
    """Return the worst severity among findings, "" where there is none."""
    severities = {str(finding.severity) for finding in findings}
    return next((severity for severity in ("block", "flag", "note") if severity in severities), "")


def checks(findings: Iterable[Finding]) -> set[str]:
    """Return the names of checks."""
    return {finding.check for finding in findings}


def handed_in(*files: tuple[str, str | bytes]) -> list[HandedIn]:
    """Return files as a submission holds them."""
    return [
        HandedIn(f"f{n}", name, data.encode() if isinstance(data, str) else data)
        for n, (name, data) in enumerate(files)
    ]


NO_CONTEXT = Context()
