"""Looks through the bytes of one file: which kind, what it gives away, its canonical copy."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from egress_review.screening import capacity, kinds, names, split, structured, tables, text
from egress_review.screening.carriers import archives, reading, zips
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.examine import examine, judged, recoded, words
from egress_review.screening.index import Index
from egress_review.screening.kinds import Kind, identify, suffix_of
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed
from egress_review.screening.sound import patience
from egress_review.screening.verdict import Finding, Unscreenable, block, flag, note, outcome_of, refuse


@dataclass(frozen=True)
class Looked:
    """What one file is, what was found in it, and its canonical bytes; None where it is blocked."""

    kind: str
    media_type: str
    suffix: str
    canonical: bytes | None
    findings: tuple[Finding, ...]
    bits: float | None = None


@dataclass
class Work:
    """What one inspection works with, and what it has used up of its bounds so far."""

    index: Index
    limits: Limits
    context: Context
    unpacked: int = 0
    members: int = 0
    archives: int = 0
    carriers: int = 0

    def unpack(self, packed: Packed) -> list[Finding]:
        """Return what a file inside a file gives away; where no name says what it is, its content does."""
        try:
            with self.deeper():
                kind = identify(packed.data, packed.name) if packed.name else kinds.by_content(packed.data)
                found = _open(packed.data, packed.name, kind, self).findings
        except Unscreenable as error:
            found = (error.finding,)
        return [_inside(packed.where, finding) for finding in found]

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count a file inside a file; raises Unscreenable for too many of them in one another."""
        self.carriers += 1
        try:
            if self.carriers > self.limits.carrier_depth:
                raise refuse(
                    "nesting", "Files are packed into files too deep.", "Hand in the files themselves."
                )
            yield
        finally:
            self.carriers -= 1


@dataclass(frozen=True)
class Seen:
    """What opening a file and looking through it gave; `canonical` is None where it is blocked."""

    kind: Kind
    canonical: bytes | None
    findings: tuple[Finding, ...] = field(default=())


NOTHING = Context()
REFUSED = Kind("other", "", "application/octet-stream")
# Decoded text leads to files, and those to text again: counts how deep one inspection went.
PEEKS: ContextVar[int] = ContextVar("peeks", default=0)
# Which module opens a kind; loaded when the first file of that kind is opened, as their libraries are large.
OPENERS = {
    kinds.PICTURE.name: "pictures",
    kinds.DRAWING.name: "carriers.drawings",
    kinds.PAGE.name: "carriers.pages",
    kinds.DOCUMENT.name: "carriers.documents",
    kinds.LINES.name: "carriers.lines",
    kinds.WORKBOOK.name: "carriers.workbooks",
    kinds.PDF.name: "carriers.pdf",
    kinds.COLUMNS.name: "carriers.columns",
    kinds.ARRAY.name: "carriers.arrays",
    kinds.ARRAYS.name: "carriers.arrays",
    kinds.HDF.name: "carriers.hdf",
    kinds.TENSORS.name: "carriers.tensors",
    kinds.SOUND.name: "carriers.audio",
    kinds.OPAQUE.name: "carriers.opaque",
}
READERS = OPENERS | {kinds.NOTEBOOK.name: "notebooks"}


def prepare(file_names: Sequence[str]) -> None:
    """Load the readers that these files will need, so that each file's process inherits them."""
    kinds.prepare()
    for name in file_names:
        kind, _ = kinds.BY_SUFFIX.get(suffix_of(name), (kinds.OPAQUE, None))
        if kind.name in READERS:
            opener(kind)


def look(data: bytes, name: str, index: Index, limits: Limits, context: Context = NOTHING) -> Looked:
    """Return what a file's bytes are and give away; one that can't be understood is blocked, never passed."""
    kind = REFUSED
    try:
        if is_public(data, context):
            return _public(data, name)
        kind = identify(data, name)
        with reading.bounded(limits.read_seconds), patience.bounded(limits):
            seen = _open(data, name, kind, Work(index, limits, context))
    except Unscreenable as error:
        return Looked(kind.name, kind.media_type, kind.suffix, None, (error.finding,))
    kind, canonical = seen.kind, seen.canonical
    if canonical is None or outcome_of(seen.findings) == "block":
        return Looked(kind.name, kind.media_type, kind.suffix, None, seen.findings)
    bits = capacity.of(canonical, kind)
    return Looked(kind.name, kind.media_type, kind.suffix, canonical, seen.findings, bits)


def peek(data: bytes, index: Index, limits: Limits, context: Context = NOTHING) -> list[Finding] | None:
    """Return what decoded bytes give away as a file of any kind; None where they begin like no known file.

    A known kind that can't be read, or that never leaves, is a block; text is not looked at here.
    """
    try:
        kind = kinds.by_content(data)
    except Unscreenable as error:
        return [error.finding]
    if kind in (kinds.OPAQUE, kinds.PLAIN):
        return None
    depth = PEEKS.set(PEEKS.get() + 1)
    try:
        if PEEKS.get() > limits.decode_depth:
            return [block("nesting", "Files are encoded in files too deep.", "Hand in the files themselves.")]
        return list(_open(data, "", kind, Work(index, limits, context)).findings)
    except Unscreenable as error:
        # Eleven bits in a row are all that MP3 begins with: what is no sound behind them is none.
        return None if data[:1] == b"\xff" and error.finding.check == "sound" else [error.finding]
    finally:
        PEEKS.reset(depth)


def is_public(data: bytes, context: Context) -> bool:
    """Return whether these bytes are a file that anybody may have."""
    return bool(context.public) and hashlib.sha256(data).hexdigest() in context.public


def _public(data: bytes, name: str) -> Looked:
    known, _ = kinds.BY_SUFFIX.get(suffix_of(name), (kinds.PUBLIC, None))
    finding = note("public", "The file is, byte for byte, one that anybody may have; it leaves as it is.")
    suffix = suffix_of(name)
    return Looked(kinds.PUBLIC.name, known.media_type, suffix, data, (finding,), 0.0)


def _open(data: bytes, name: str, kind: Kind, work: Work) -> Seen:
    """Return what a file gives away and its copy; raises Unscreenable where it can't be opened."""
    if kind is kinds.ARCHIVE:
        return _archive(data, work)
    if kind is kinds.STREAM:
        return _stream(data, name, work)
    if kind is kinds.OPAQUE:
        return _unknown(data, name, work)
    if kind is kinds.NOTEBOOK:
        return _notebook(data, work)
    if kind.name in OPENERS:
        return _examined(opener(kind).open(data, work.limits), work)
    canonical, findings = _written(data, kind, suffix_of(name), work)
    return _seen(kind, canonical, findings)


def opener(kind: Kind) -> Any:
    """Return the module that reads files of a kind; its `open` gives the parts of all but notebooks."""
    return importlib.import_module(f"egress_review.screening.{READERS[kind.name]}")


def _examined(opened: Opened, work: Work) -> Seen:
    found = examine(opened.parts, work.index, work.limits, unpack=work.unpack)
    return _seen(opened.kind, opened.canonical, [*opened.findings, *found])


def _seen(kind: Kind, canonical: bytes, findings: Sequence[Finding]) -> Seen:
    unique = tuple(dict.fromkeys(findings))
    return Seen(kind, None if outcome_of(unique) == "block" else canonical, unique)


def _notebook(data: bytes, work: Work) -> Seen:
    content = text.decode(data, work.limits.notebook_bytes)
    read = opener(kinds.NOTEBOOK).screen
    canonical, findings = read(content, work.index, work.limits, unpack=work.unpack)
    return _seen(kinds.NOTEBOOK, canonical.encode(), findings)


def _written(data: bytes, kind: Kind, suffix: str, work: Work) -> tuple[bytes, list[Finding]]:
    """Return the copy of a written file, and what it gives away."""
    index, limits = work.index, work.limits
    if kind is kinds.JSON:
        return _json(text.decode(data, limits.text_bytes), index, limits)
    if kind is kinds.TABLE or kind is kinds.TABS:
        return _table(text.decode(data, limits.table_bytes), suffix, index, limits)
    content = text.decode(data, limits.text_bytes)
    # What was looked through is what leaves: the canonical text, not the one with hidden characters.
    canonical, changed = text.rebuild(content)
    if kind is kinds.MARKDOWN:
        canonical = text.one_way(text.without_active(canonical))
    return canonical.encode(), words(canonical, index, limits, "") + changed


def _table(content: str, suffix: str, index: Index, limits: Limits) -> tuple[bytes, list[Finding]]:
    delimiter = tables.delimiter_of(content, suffix)
    table = tables.parse(content, delimiter, limits)
    canonical, changed = tables.rebuild(table, delimiter)
    # What leaves is looked through: an invisible character in a cell must not hide a small count.
    findings = judged(tables.parse(canonical, delimiter, limits), index, limits)
    findings += recoded(table, index)
    findings += text.check(canonical, index, limits)
    if content.lstrip()[:1] in ("{", "["):
        findings += _misnamed(text.plain(content), index, limits)
    return canonical.encode(), findings + changed


def _misnamed(content: str, index: Index, limits: Limits) -> list[Finding]:
    """Return what JSON under a table's name gives away; none where it is no JSON."""
    try:
        return structured.check(structured.parse(content, limits), index, limits)
    except Unscreenable:
        return []


def _json(content: str, index: Index, limits: Limits) -> tuple[bytes, list[Finding]]:
    value = structured.parse(content, limits)
    findings = structured.check(value, index, limits)
    canonical, changed = structured.rebuild(value)
    findings += structured.check(json.loads(canonical), index, limits)
    return canonical.encode(), findings + changed


def _unknown(data: bytes, name: str, work: Work) -> Seen:
    """Return what a file of unknown type gives away; the policy says whether a human may judge the rest."""
    suffix = suffix_of(name)
    message = f"No check here understands files ending in {suffix or 'nothing'}, or their content."
    instead = "Hand in a CSV, text, Markdown, JSON, PNG, PDF, workbook, notebook, or a ZIP of these."
    if work.context.unknown != "flag":
        raise refuse("type", message, instead)
    kind = kinds.by_content(data)
    if kind is kinds.OPAQUE:
        seen = _examined(opener(kind).open(data, work.limits), work)
    else:
        seen = _open(data, f"{name}{kind.suffix}", kind, work)
    if kind is kinds.PLAIN:
        seen = replace(seen, kind=Kind("text", suffix or ".txt", "text/plain"))
    return replace(seen, findings=(*seen.findings, flag("type", message, instead)))


def _stream(data: bytes, name: str, work: Work) -> Seen:
    """Return what a compressed file holds: it leaves as that, unpacked."""
    content = _bounded(archives.stream(data, work.limits.archive_bytes - work.unpacked, work.limits), work)
    inner = archives.inner_name(name) if name else ""
    with _one_archive(work):
        if is_public(content, work.context):
            public = _public(content, inner)
            return Seen(Kind(public.kind, public.suffix, public.media_type), content, public.findings)
        known = bool(inner) and suffix_of(inner) in kinds.BY_SUFFIX
        kind = identify(content, inner) if known or not name else _of_stream(content, inner)
        return _open(content, inner, kind, work)


def _of_stream(content: bytes, inner: str) -> Kind:
    """Return the kind of a compressed file without a second suffix: what its content says."""
    identify(content, inner or "x")
    return kinds.by_content(content)


def _bounded(content: bytes, work: Work) -> bytes:
    work.unpacked += len(content)
    return content


@contextmanager
def _one_archive(work: Work) -> Iterator[None]:
    work.archives += 1
    try:
        if work.archives > work.limits.archive_depth:
            raise refuse(
                "archive_depth",
                f"Archives are packed into archives more than {work.limits.archive_depth} deep.",
                "Hand in one archive, or the files themselves.",
            )
        yield
    finally:
        work.archives -= 1


def _archive(data: bytes, work: Work) -> Seen:
    """Return what an archive's members give away; its copy is a plain ZIP of their copies."""
    findings: list[Finding] = []
    copies: list[tuple[str, bytes]] = []
    taken: set[str] = set()
    with _one_archive(work):
        unpacked = archives.members(data, work.limits.archive_bytes - work.unpacked, work.limits)
        findings += unpacked.findings
        findings += names.check_together(
            {member.name: member.name for member in unpacked.members}, work.index, work.limits
        )
        for number, member in enumerate(unpacked.members, start=1):
            seen = _member(member, work)
            findings += [_inside(_place(member, number, seen), finding) for finding in seen.findings]
            if seen.canonical is not None:
                copies.append((names.clean_path(member.name, seen.kind.suffix, taken), seen.canonical))
            if len(findings) > work.limits.findings:
                findings.append(
                    block("findings", "The archive has more findings than are listed.", kinds.UNPACK)
                )
                break
    # Pieces of something are as well packed together as handed in side by side.
    within = [HandedIn(member.name, member.name, member.data) for member in unpacked.members]
    findings += split.check(within, work.index, NOTHING, work.limits)
    if not unpacked.members:
        raise refuse("archive", "The archive is empty.", "Leave it out.")
    copies.sort()
    return _seen(kinds.ARCHIVE, zips.written(copies), findings)


def _member(member: archives.Member, work: Work) -> Seen:
    work.members += 1
    if work.members > work.limits.archive_members:
        raise refuse("archive_members", "The archives hold too many files together.", "Hand in fewer files.")
    named = [
        finding for part in member.name.split("/") for finding in names.check(part, work.index, work.limits)
    ]
    _bounded(member.data, work)
    base = member.name.rsplit("/", 1)[-1]
    try:
        if not member.data:
            return Seen(kinds.PLAIN, b"", (*named, note("type", "An empty file was kept empty.")))
        if is_public(member.data, work.context):
            public = _public(member.data, base)
            kind = Kind(public.kind, public.suffix, public.media_type)
            return Seen(kind, member.data, (*named, *public.findings))
        seen = _open(member.data, base, identify(member.data, base), work)
    except Unscreenable as error:
        return Seen(REFUSED, None, (*named, error.finding))
    return replace(seen, findings=(*named, *seen.findings))


def _place(member: archives.Member, number: int, seen: Seen) -> str:
    """Return the words for a member; a name that itself gives something away is not repeated."""
    if any(finding.check == "file_name" for finding in seen.findings):
        return f"member {number}"
    return member.name[-80:]


def _inside(place: str, finding: Finding) -> Finding:
    if not place:
        return finding
    return replace(finding, where=f"{place}: {finding.where}" if finding.where else place)
