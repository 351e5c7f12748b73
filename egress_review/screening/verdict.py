"""What screening says: findings, a verdict per file, a verdict for the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: a block stops the file, a flag needs a human, a note informs."""

    BLOCK = "block"
    FLAG = "flag"
    NOTE = "note"


ORDER = {Severity.BLOCK: 0, Severity.FLAG: 1, Severity.NOTE: 2}


@dataclass(frozen=True)
class Finding:
    """One thing that was found: what, where, why it matters, how to fix it."""

    check: str
    severity: Severity
    message: str
    fix: str = ""
    where: str = ""
    file: str | None = None


@dataclass(frozen=True)
class FileVerdict:
    """What became of one file; `canonical` holds the bytes that may leave, None when blocked.

    `bits` is the most that the canonical copy could still carry, estimated; None when blocked.
    """

    file: str
    kind: str
    media_type: str
    canonical: bytes | None
    canonical_name: str | None
    bits: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer on a whole submission."""

    files: tuple[FileVerdict, ...]
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> str:
        """The worst severity found: "block", "flag", or "pass" where nothing was worse than a note."""
        return outcome_of(self.findings)

    def findings_of(self, file: str | None) -> tuple[Finding, ...]:
        """Return the findings about one file, or those about the whole for None."""
        return tuple(finding for finding in self.findings if finding.file == file)


def outcome_of(findings: Iterable[Finding]) -> str:
    """Return "block", "flag" or "pass": the worst of these findings."""
    severities = {finding.severity for finding in findings}
    if Severity.BLOCK in severities:
        return "block"
    return "flag" if Severity.FLAG in severities else "pass"


def block(check: str, message: str, fix: str = "", where: str = "") -> Finding:
    """Return a finding that stops the file."""
    return Finding(check, Severity.BLOCK, message, fix, where)


def flag(check: str, message: str, fix: str = "", where: str = "") -> Finding:
    """Return a finding that a human has to judge."""
    return Finding(check, Severity.FLAG, message, fix, where)


def note(check: str, message: str, fix: str = "", where: str = "") -> Finding:
    """Return a finding that only informs."""
    return Finding(check, Severity.NOTE, message, fix, where)


class Unscreenable(Exception):
    """A file can't be understood, so it can't leave; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


def refuse(check: str, message: str, fix: str = "", where: str = "") -> Unscreenable:
    """Return the error that blocks a file no check can go on with."""
    return Unscreenable(block(check, message, fix, where))
