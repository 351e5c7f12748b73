"""Asks each part of a file what it gives away; the checks don't know which carrier it came out of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import numpy as np

from egress_review.screening import (
    arrays,
    disclosure,
    embedded,
    layouts,
    literals,
    lookups,
    pictures,
    series,
    streams,
    text,
    wording,
)
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Packed, Part, Picture, Sound, Text
from egress_review.screening.sound.check import check as check_sound
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, Severity, flag, outcome_of

# Looks through a file inside a file; given by whoever knows all carriers.
Open = Callable[[Packed], list[Finding]]

SMALL, SHORT, SEVERAL = (
    8,
    60,
    8,
)  # numbers of a small array, characters of a short text; how many are read as one
DIGITS = re.compile(r"(\d+)")
DEALT = 2_000  # numbers of each of a few arrays
MOST_JOINED = 1_000_000  # numbers of arrays that are read as one
SHALLOWEST, DEEPEST = 5, 2_000  # cells of a column of words that are read


def examine(parts: Iterable[Part], index: Index, limits: Limits, *, unpack: Open) -> list[Finding]:
    """Return what the parts of a file give away, at most about `limits.findings` of it."""
    findings: list[Finding] = []
    numbers = 0
    small: list[Array] = []
    notes: list[str] = []
    cells: list[str] = []
    parts = list(parts)
    # Whole first: pieces of a recording, compared each for itself, would use up the time.
    findings += _in_pieces(parts, index, limits)
    if findings:
        return findings
    for part in parts:
        findings += _one(part, index, limits, unpack)
        if isinstance(part, Array) and 0 < part.values.size <= SMALL and len(small) < DEEPEST:
            small.append(part)
        if isinstance(part, Table) and len(part.rows) * len(part.header) <= SMALL and len(cells) < DEEPEST:
            cells += [cell for row in (part.header, *part.rows) for cell in row]
        if isinstance(part, Text) and len(part.content) <= SHORT and len(notes) < DEEPEST:
            notes.append(part.content.strip())
        if isinstance(part, Array) and part.values.dtype.kind in "fc":
            numbers += part.values.size
        if len(findings) > limits.findings:
            break
    findings += disclosure.in_numbers(cells, index, "small tables together")
    findings += _together(small, notes, index, limits)
    findings += lookups.look_among(parts, index, limits.minimum_count)
    if numbers > limits.table_rows and not findings:
        findings.append(
            flag(
                "numbers_many",
                f"The file's arrays hold {numbers:,} measured numbers; they can be weights or features "
                "of voices.",
                arrays.AGGREGATE,
            )
        )
    return findings


def _together(small: list[Array], notes: list[str], index: Index, limits: Limits) -> list[Finding]:
    """Return what many small parts of a file give away as one: a row in each array, a word in each text."""
    findings: list[Finding] = []
    written = [
        tuple(f"{value:.9g}" for value in part.values.ravel().tolist())
        for part in small
        if part.values.dtype.kind in "fiu"
    ]
    for width in {len(row) for row in written}:
        rows = tuple(row for row in written if len(row) == width)
        if len(rows) >= SEVERAL:
            table = Table(("",) * width, rows, f"{len(rows)} arrays together")
            findings += disclosure.check(table, index, limits)
    return [*findings, *texts_together(notes, index, limits)]


def _in_pieces(parts: Sequence[Part], index: Index, limits: Limits) -> list[Finding]:
    """Return the block for rows of numbers, an array each, that are one recording's end to end or abreast."""
    rows = [part for part in parts if isinstance(part, Array) and _is_row(part)]
    # A few long ones of one length may be samples in turn.
    dealt = len(rows) > 1 and min(part.values.size for part in rows) >= DEALT
    if len(rows) < SEVERAL and not (dealt and len({part.values.size for part in rows}) == 1):
        return []
    rows.sort(key=lambda part: [(len(run), run) for run in DIGITS.split(part.name or part.where)])
    values = [part.values.ravel().astype(np.float64) for part in rows]
    where = f"{len(rows)} arrays together"
    readings = [np.concatenate(values)[:MOST_JOINED]]
    if len({len(one) for one in values}) == 1:
        readings.insert(0, np.stack(values, axis=1)[: MOST_JOINED // len(values)])
    found = [finding for one in readings for finding in arrays.check(Array(one, where), index, limits)]
    return [finding for finding in found if finding.severity is Severity.BLOCK][:1]


def _is_row(part: Array) -> bool:
    values = part.values
    return values.dtype.kind in "fiu" and values.size > SMALL and max(values.shape) == values.size


def texts_together(notes: Sequence[str], index: Index, limits: Limits) -> list[Finding]:
    """Return the blocks for what many short texts, as the cells of a notebook, say one behind another."""
    short = [note for note in notes if note and len(note) <= SHORT]
    if len(short) < SEVERAL:
        return []
    where = f"{len(short)} short texts together"
    single = [bare for note in short if len(bare := "".join(filter(str.isalnum, note))) == 1]
    readings = ["\n".join(short), "".join(single) if len(single) >= SEVERAL else ""]
    found = [
        finding for reading in readings if reading for finding in text.check(reading, index, limits, where)
    ]
    return [finding for finding in found if finding.severity is Severity.BLOCK][:3]


def _one(part: Part, index: Index, limits: Limits, unpack: Open) -> list[Finding]:
    match part:
        case Text(content, where):
            return words(content, index, limits, where)
        case Table():
            return judged(part, index, limits)
        case Array():
            return arrays.check(part, index, limits)
        case Sound():
            return check_sound(part, index, limits)
        case Picture():
            return _picture(part, index, limits, unpack)
        case Packed():
            return unpack(part)


def _picture(picture: Picture, index: Index, limits: Limits, unpack: Open) -> list[Finding]:
    """Return what a picture gives away: as text first, for that is sure, and as sound where that is no block.

    Comparing it with recordings takes longest; what is blocked for its words doesn't wait for it.
    """
    written, odd = pictures.written(picture, limits)
    said = examine(written, index, limits, unpack=unpack)
    seen = [] if outcome_of(said) == "block" else pictures.look(picture.image, index, limits, picture.where)
    return [*seen, *odd, *said]


def recoded(table: Table, index: Index) -> list[Finding]:
    """Return a block where a column is ids as other numbers; best asked before those are rounded."""
    columns = (table.column(at)[:DEEPEST] for at in range(len(table.header)))
    return wording.recoded_ids(columns, index, table.where)


def judged(table: Table, index: Index, limits: Limits) -> list[Finding]:
    """Return what a table gives away, as statistics and as numbers that may be sound."""
    findings = disclosure.check(table, index, limits)
    if any(finding.check == disclosure.ROW_LEVEL for finding in findings):
        return findings
    findings += _downwards(table, index, limits)
    findings += recoded(table, index)
    listed = (cell for row in table.rows for cell in row if cell.count(".") >= 2)
    findings += disclosure.in_text("\n".join(islice(listed, DEEPEST)), index, limits, table.where)
    return [*findings, *series.in_table(table), *arrays.from_table(table, index, limits)]


def _downwards(table: Table, index: Index, limits: Limits) -> list[Finding]:
    """Return the transcripts that a table's columns of single words repeat, read from top to bottom."""
    lines = []
    for at, name in enumerate(table.header):
        cells = [name, *table.column(at)][:DEEPEST]
        worded = [cell for cell in cells if cell.strip().replace("'", "").isalpha()]
        if len(worded) >= SHALLOWEST and 2 * len(worded) > len(cells):
            lines.append(" ".join(cells))
    lines.append(re.sub(r"[\d_]+", " ", " ".join(table.header)))
    said = index.transcripts.find("\n".join(lines), limits.minimum_count)
    found = wording.transcripts(said, table.where, ", read down its columns")
    return [finding for finding in found if finding.severity is Severity.BLOCK]


def words(content: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return what a text gives away, in its words and in the tables written in it."""
    findings = text.check(content, index, limits, where)
    findings += disclosure.in_text(content, index, limits, where)
    findings += literals.check(content, limits, where)
    findings += layouts.in_text(content, where)
    findings += streams.in_text(content, index, limits, where)
    for table in embedded.tables(content, where, limits):
        findings += judged(table, index, limits)
        findings += disclosure.beside(table, content, limits)
        if len(findings) > limits.findings:
            break
    return findings
