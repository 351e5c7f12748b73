"""The files a screener reads and writes: request.json, verdict.json and the canonical copies (version 2)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress_review.screening.context import Context, Earlier
from egress_review.screening.index import Index, NoIndex
from egress_review.screening.limits import Limits
from egress_review.screening.run import screen
from egress_review.screening.verdict import FileVerdict, Finding, Verdict

VERSION = 2
INDEXES = Path("/index")
VERDICT_BYTES = 1024 * 1024
WHERE_CHARACTERS, MESSAGE_CHARACTERS = 300, 1000
ID = re.compile(r"[0-9A-Za-z]{1,64}")
SETTABLE = ("minimum_count", "file_bytes", "total_bytes", "table_rows", "picture_side", "seconds")


class BadRequest(Exception):
    """The request can't be read; there will be no verdict, which is a block."""


@dataclass(frozen=True)
class Request:
    """What is to be screened: file ids with their declared names, what is known, the limits."""

    files: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    index: Index
    limits: Limits
    context: Context


def ask(source: Path, indexes: Path = INDEXES) -> Request:
    """Return the request in a folder, its leak indexes opened; raises BadRequest for another version."""
    try:
        raw = json.loads((source / "request.json").read_bytes())
        if raw["version"] != VERSION:
            raise BadRequest(f"request of version {raw['version']}; this screener reads {VERSION}")
        files = tuple((str(file["id"]), str(file["name"])) for file in raw["files"])
        index = Index.open([indexes / str(number) for number in range(int(raw["indexes"]))])
        context = _context(raw, source)
        limits = Limits(**{key: int(raw["limits"][key]) for key in SETTABLE if key in raw["limits"]})
        words = tuple((key, str(raw.get(key, ""))) for key in ("title", "context", "controls"))
    except (ValueError, KeyError, TypeError, OSError, NoIndex) as error:
        raise BadRequest(f"request.json can't be read: {error}") from error
    if len({file for file, _ in files}) != len(files) or not all(ID.fullmatch(file) for file, _ in files):
        raise BadRequest("file ids must be letters and digits, each once")
    return Request(files, words, index, limits, context)


def _context(raw: dict[str, Any], source: Path) -> Context:
    earlier = []
    for item in raw.get("earlier", []):
        if not ID.fullmatch(str(item["file"])):
            raise BadRequest("ids of earlier files must be letters and digits")
        path = source / "earlier" / str(item["file"])
        earlier.append(Earlier(path, str(item["name"]), str(item.get("released_at", ""))))
    return Context(
        earlier=tuple(earlier),
        declared=dict(raw.get("declared", {})),
        public=frozenset(str(digest).lower() for digest in raw.get("public", [])),
        unknown="flag" if raw.get("unknown") == "flag" else "block",
    )


def answer(request: Request, source: Path, target: Path) -> None:
    """Screen the files of a request; write their canonical copies, and last, at once, the verdict."""
    verdict = screen(
        {file: (source / file, name) for file, name in request.files},
        request.index,
        request.limits,
        context=request.context,
    )
    for file in verdict.files:
        if file.canonical is not None:
            (target / file.file).write_bytes(file.canonical)
    waiting = target / ".verdict.json.tmp"
    waiting.write_bytes(written(verdict))
    waiting.rename(target / "verdict.json")


def written(verdict: Verdict) -> bytes:
    """Return a verdict as JSON of at most 1 MiB; where findings must go, the least important go first."""
    findings = [_finding(finding) for finding in verdict.findings]
    while True:
        body = {
            "version": VERSION,
            "outcome": verdict.outcome,
            "files": [_file(file) for file in verdict.files],
            "findings": findings,
        }
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        if len(content) <= VERDICT_BYTES or not findings:
            return content
        findings = findings[: len(findings) * 3 // 4]


def _file(file: FileVerdict) -> dict[str, Any]:
    return {
        "id": file.file,
        "kind": file.kind,
        "media_type": file.media_type,
        "canonical": file.canonical is not None,
        "canonical_name": file.canonical_name,
        "canonical_bits": file.bits,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "check": finding.check,
        "severity": str(finding.severity),
        "where": _cut(finding.where, WHERE_CHARACTERS),
        "message": _cut(finding.message, MESSAGE_CHARACTERS),
        "fix": _cut(finding.fix, MESSAGE_CHARACTERS),
    }


def _cut(words: str, most: int) -> str:
    """Return words without control characters or lone surrogates, at most `most` characters of them."""
    clean = "".join(character if character.isprintable() else " " for character in words)
    return clean if len(clean) <= most else clean[: most - 1] + "…"
