"""Looks through the bytes of one file: which kind, what it gives away, its canonical copy."""

from __future__ import annotations

import json
from dataclasses import dataclass

from egress_review.screening import disclosure, notebooks, pictures, structured, tables, text
from egress_review.screening.context import Context
from egress_review.screening.examine import words
from egress_review.screening.index import Index
from egress_review.screening.kinds import JSON, NOTEBOOK, PICTURE, TABLE, TABS, Kind, identify, suffix_of
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, Unscreenable, outcome_of


@dataclass(frozen=True)
class Looked:
    """What one file is, what was found in it, and its canonical bytes; None where it is blocked."""

    kind: str
    media_type: str
    suffix: str
    canonical: bytes | None
    findings: tuple[Finding, ...]
    bits: float | None = None


NOTHING = Context()
REFUSED = Kind("other", "", "application/octet-stream")


def look(data: bytes, name: str, index: Index, limits: Limits, context: Context = NOTHING) -> Looked:
    """Return what a file's bytes are and give away; one that can't be understood is blocked, never passed."""
    kind = REFUSED
    try:
        kind = identify(data, name)
        canonical, findings = _screen(data, kind, suffix_of(name), index, limits, context)
    except Unscreenable as error:
        return Looked(kind.name, kind.media_type, kind.suffix, None, (error.finding,))
    unique = tuple(dict.fromkeys(findings))
    if outcome_of(unique) == "block":
        return Looked(kind.name, kind.media_type, kind.suffix, None, unique)
    return Looked(kind.name, kind.media_type, kind.suffix, canonical, unique)


def _screen(
    data: bytes, kind: Kind, suffix: str, index: Index, limits: Limits, context: Context
) -> tuple[bytes, list[Finding]]:
    if kind is PICTURE:
        return pictures.screen(data, index, limits)
    if kind is NOTEBOOK:
        content, findings = notebooks.screen(text.decode(data, limits.notebook_bytes), index, limits)
        return content.encode(), findings
    if kind is JSON:
        return _json(text.decode(data, limits.text_bytes), index, limits)
    if kind is TABLE or kind is TABS:
        return _table(text.decode(data, limits.table_bytes), suffix, index, limits)
    content = text.decode(data, limits.text_bytes)
    # What was looked through is what leaves: the canonical text, not the one with hidden characters.
    canonical, changed = text.rebuild(content)
    return canonical.encode(), words(canonical, index, limits, "") + changed


def _table(content: str, suffix: str, index: Index, limits: Limits) -> tuple[bytes, list[Finding]]:
    delimiter = tables.delimiter_of(content, suffix)
    table = tables.parse(content, delimiter, limits)
    canonical, changed = tables.rebuild(table, delimiter)
    # What leaves is looked through: an invisible character in a cell must not hide a small count.
    findings = disclosure.check(tables.parse(canonical, delimiter, limits), index, limits)
    findings += text.check(canonical, index, limits)
    return canonical.encode(), findings + changed


def _json(content: str, index: Index, limits: Limits) -> tuple[bytes, list[Finding]]:
    value = structured.parse(content, limits)
    findings = structured.check(value, index, limits)
    canonical, changed = structured.rebuild(value)
    findings += structured.check(json.loads(canonical), index, limits)
    return canonical.encode(), findings + changed
