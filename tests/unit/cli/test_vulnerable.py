"""Known vulnerabilities: named, and a list that cannot be read is never a pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.cli import vulnerable
from hub.cli.running import StepFailed

FINE = {"name": "a", "version": "1", "vulns": []}
HOLE = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        ([], 2, "Not audited"),
        ([SKIPPED, FINE], 2, "Not audited: 1 of 2 libraries were not looked at (c: not found)."),
        # A hole that is known is said, whatever else is not.
        ([SKIPPED, HOLE], 1, "b 2: PYSEC-1, mended in 3\n1 known vulnerabilities in 1 libraries.\nNot all"),
        ([FINE, HOLE], 1, "b 2: PYSEC-1, mended in 3"),
        ([FINE], 0, "No known vulnerability in 1 libraries"),
    ],
)
def test_what_was_found_is_said(found: list[dict[str, Any]], status: int, words: str) -> None:
    out = json.dumps({"dependencies": found})
    got, said = vulnerable.verdict(out, "", asked={one["name"] for one in found})
    assert got == status and words in said


def test_a_library_of_which_nothing_is_said_was_not_looked_at() -> None:
    named = {"name": "Zope.Interface", "version": "1", "vulns": []}
    out = json.dumps({"dependencies": [FINE, named]})
    assert vulnerable.verdict(out, "", asked={"a", "zope-interface"})[0] == 0
    assert vulnerable.verdict(out, "", asked={"a", "b", "zope-interface"}) == (
        2,
        "Not audited: 1 of 3 libraries were not looked at (b: nothing was said of it).",
    )


@pytest.mark.parametrize("out", ["", "not json", "[]", '{"other": 1}'])
def test_no_answer_is_no_pass(out: str) -> None:
    status, said = vulnerable.verdict(out, "x\nConnection refused", asked={"a"})
    assert status == 2 and "could not be read (Connection refused)" in said


def test_without_the_program_nothing_was_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(StepFailed, match="nothing was audited"):
        vulnerable.run([])
