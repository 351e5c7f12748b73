"""ACRO's folder of outputs: understood, not believed; its verdicts come from the researcher's own process.

The format is that of ACRO 1.0 (results.json, config.json, checksums/); its rules are applied in `disclosure`,
with people as the unit: threshold, dominance (n, k and p %), degrees of freedom.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from egress_review.screening import disclosure
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.reading import tables_of
from egress_review.screening.verdict import Finding, block, flag, note, outcome_of

STATUSES = ("pass", "fail", "review")
SUM = re.compile(rb"^\s*([0-9a-f]{64})\s*$")
BAD = re.compile(
    r"threshold|p-ratio|nk-rule|nkcheck|ppercent|negative|missing|all-values|fail|dominan", re.IGNORECASE
)
FINE = re.compile(r"^\s*(ok|pass|)\s*;?\s*$", re.IGNORECASE)
FIX = "Hand in what ACRO wrote, unchanged; mend the tables themselves, and write new results."
# ACRO counts these as wrong where they are above nought. PresenceOfLinkedTableCheck only asks for a look, and
# under MinimumDoFCheck it writes the degrees of freedom themselves, beside cells it calls ok.
COUNTED = re.compile(
    r"threshold|p-ratio|nk-rule|nkcheck|ppercent|all-values|negative|missing|zerocheck",
    re.IGNORECASE,
)
MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Output:
    """One output of a results.json: its name, ACRO's status, its files, all that was written of it."""

    uid: str
    status: str
    files: tuple[str, ...]
    raw: dict[str, Any]


def check(handed_in: Sequence[HandedIn], index: Index, context: Context, limits: Limits) -> list[Finding]:
    """Return where an ACRO folder contradicts itself, its own files or what is recomputed of them."""
    findings: list[Finding] = []
    for file in handed_in:
        outputs = results(file)
        if outputs is None:
            findings += [replace(finding, file=file.file) for finding in _config(file, limits)]
            continue
        found = [finding for output in outputs for finding in _output(output, handed_in, index, limits)]
        found += _sums(file, handed_in)
        said = note(
            "acro",
            f"ACRO's status of {len(outputs)} outputs is no verdict here: their files are checked anew.",
        )
        findings += [replace(finding, file=file.file) for finding in [said, *found]]
    return findings


def results(file: HandedIn) -> list[Output] | None:
    """Return the outputs that a results.json of ACRO lists, known by its shape; None for another file."""
    raw = _json(file)
    if not isinstance(raw, dict) or not isinstance(raw.get("results"), dict) or "version" not in raw:
        return None
    outputs = []
    for uid, one in raw["results"].items():
        if not isinstance(one, dict) or "status" not in one or not ("outcome" in one or "files" in one):
            return None
        files = one.get("files")
        names = (
            [str(f.get("name", "")) if isinstance(f, dict) else str(f) for f in files]
            if isinstance(files, list)
            else []
        )
        outputs.append(
            Output(str(uid), str(one["status"]), tuple(re.split(r"[/\\]", n)[-1] for n in names), one)
        )
    return outputs


def _json(file: HandedIn) -> Any:
    if len(file.data) > MOST_BYTES or file.data.lstrip()[:1] != b"{":
        return None
    try:
        return json.loads(file.data)
    except (ValueError, RecursionError):
        return None


def _output(output: Output, handed_in: Sequence[HandedIn], index: Index, limits: Limits) -> Iterator[Finding]:
    where = output.uid[:60]
    if output.status not in STATUSES:
        yield flag("acro", "This output has a status that ACRO doesn't give.", FIX, where)
    if output.status == "pass" and _contradicts(output.raw):
        message = (
            "It is called passed, but ACRO wrote beside it that a check failed: the verdict was changed."
        )
        yield block("acro_forged", message, FIX, where)
    if output.status != "pass" or output.raw.get("exception"):
        message = "ACRO did not pass this output, or an exception is asked for; a human has to decide."
        yield flag(
            "acro_review", message, "Merge or suppress what ACRO names, then write new results.", where
        )
    by_name = {file.name: file for file in handed_in}
    missing = [name for name in output.files if name not in by_name]
    if missing or not output.files:
        message = "Files of this output were not handed in: what ACRO says of them can't be looked into."
        yield flag("acro_files", message, "Hand in the whole folder.", where)
    for name in output.files:
        if name in by_name and output.status == "pass":
            yield from _recomputed(by_name[name], output, index, limits)


def _contradicts(raw: dict[str, Any]) -> bool:
    """Return whether ACRO's own words, counts or cells say that a check failed."""
    files = raw.get("files")
    sdcs = [f.get("sdc") for f in files if isinstance(f, dict)] if isinstance(files, list) else []
    for sdc in [*sdcs, raw.get("sdc")]:
        summary = sdc.get("summary") if isinstance(sdc, dict) else None
        cells = sdc.get("cells") if isinstance(sdc, dict) else None
        for counts in (summary, cells):
            for name, value in counts.items() if isinstance(counts, dict) else ():
                if COUNTED.search(str(name)) and value not in (0, None, [], "", False):
                    return True
    fair = raw.get("fair")
    status = fair.get("check_status") if isinstance(fair, dict) else None
    if isinstance(status, dict) and any(str(value) == "fail" for value in status.values()):
        return True
    if any(not FINE.match(text) and BAD.search(text) for text in _texts(raw.get("outcome"))):
        return True
    return bool(
        re.search(r"(?i)^\s*(fail|review)\b|\bfail(ed|s)?\s*[;:]|:\s*fail\b", str(raw.get("summary", "")))
    )


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 5:
        for inner in value.values():
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list) and depth < 5:
        for inner in value:
            yield from _texts(inner, depth + 1)


def _recomputed(file: HandedIn, output: Output, index: Index, limits: Limits) -> Iterator[Finding]:
    """Yield a block where a passed output's file does not pass our checks, a flag where a human must look."""
    tables = tables_of(file.data, file.name, limits)
    found = [finding for table in tables for finding in disclosure.check(table, index, limits)]
    if outcome_of(found) == "block":
        first = next(finding for finding in found if finding.severity == "block")
        message = (
            f"ACRO's file says passed, but checked anew its table is not: {first.check.replace('_', ' ')}."
        )
        yield block("acro_forged", message, FIX, f"{output.uid[:60]}, {first.where}")
    labels = {text.strip() for text in _keys(output.raw.get("outcome"))}
    cells = {cell.strip() for table in tables for row in (table.header, *table.rows) for cell in row}
    if labels and tables and len(labels & cells) < 0.5 * len(labels):
        message = (
            "The cells that ACRO judged are not those of the table in its file: one of them was exchanged."
        )
        yield block("acro_forged", message, FIX, output.uid[:60])


def _keys(outcome: Any) -> Iterator[str]:
    if isinstance(outcome, dict):
        for name, inner in outcome.items():
            # Keys of several levels are written as tuples; only plain ones can be compared.
            if not name.startswith("("):
                yield name
            if isinstance(inner, dict):
                yield from (str(label) for label in inner if not str(label).startswith("("))


def _sums(results_file: HandedIn, handed_in: Sequence[HandedIn]) -> Iterator[Finding]:
    """Yield a block where a checksum that ACRO wrote is not that of the file beside it."""
    by_name = {file.name: file for file in handed_in}
    for file in handed_in:
        match = SUM.match(file.data) if file.name.endswith(".txt") else None
        about = by_name.get(file.name.removesuffix(".txt"))
        if match and about is not None and hashlib.sha256(about.data).hexdigest().encode() != match[1]:
            what = "the results" if about is results_file else "a file of the folder"
            message = f"The checksum that ACRO wrote is not that of {what}: it was changed afterwards."
            yield block("acro_forged", message, FIX, about.name[:80])


def _config(file: HandedIn, limits: Limits) -> Iterator[Finding]:
    raw = _json(file)
    threshold = raw.get("safe_threshold") if isinstance(raw, dict) else None
    if isinstance(threshold, int | float) and threshold < limits.minimum_count:
        message = (
            f"ACRO was told to pass groups of {threshold}; here {limits.minimum_count} people are the least."
        )
        yield flag("acro_threshold", message, "Run ACRO with the enclave's threshold.")
