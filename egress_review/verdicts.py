"""Reading what the screener left; whatever is unclear about it is unreadable, and unreadable blocks."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from egress_review import names
from egress_review.incoming import Incoming
from egress_review.models import Severity
from egress_review.uploads import UploadLimits
from egress_review.vault import Stored, Vault
from hub.errors import Invalid

VERDICT = "verdict.json"
VERDICT_BYTES = 1024**2
MOST_FINDINGS = 500
MOST_ENTRIES = 200
CHUNK_BYTES = 256 * 1024
WORST_FIRST = {"block": 0, "flag": 1, "pass": 2}
OUTCOME_OF = {Severity.BLOCK: "block", Severity.FLAG: "flag", Severity.NOTE: "pass"}


class Unreadable(Exception):
    """The screener's answer is missing, incomplete or not what the protocol says."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


FileId = Annotated[str, StringConstraints(pattern=r"\A[0-9a-z]{26}\z")]


class JudgedFile(_Strict):
    """What the screener says about one file."""

    id: FileId
    kind: Annotated[str, StringConstraints(pattern=r"\A[a-z_-]{1,30}\z")]
    media_type: Annotated[str, StringConstraints(pattern=r"\A[a-z0-9.+/-]{3,100}\z")]
    canonical: bool
    canonical_name: Annotated[str, StringConstraints(max_length=120)] | None = None
    canonical_bits: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class JudgedFinding(_Strict):
    """Something the screener saw."""

    file: FileId | None
    check: Annotated[str, StringConstraints(pattern=r"\A[a-z0-9_-]{1,40}\z")]
    severity: Literal["block", "flag", "note"]
    where: Annotated[str, StringConstraints(max_length=300)] = ""
    message: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    fix: Annotated[str, StringConstraints(max_length=2000)] = ""


class Verdict(_Strict):
    """The screener's whole answer."""

    version: Literal[2]
    outcome: Literal["pass", "flag", "block"]
    files: list[JudgedFile]
    findings: Annotated[list[JudgedFinding], Field(max_length=MOST_FINDINGS)]

    @property
    def blocks(self) -> bool:
        """Whether the outcome, a finding or a file without a canonical copy says no: the worst wins."""
        said = [self.outcome, *(OUTCOME_OF[Severity(finding.severity)] for finding in self.findings)]
        worst = min(said, key=WORST_FIRST.__getitem__)
        return worst == "block" or not all(file.canonical for file in self.files)


@dataclass(frozen=True)
class Canonical:
    """A canonical copy that now lies in the vault."""

    judged: JudgedFile
    name: str
    stored: Stored


def read(out: Path, *, files: Collection[str]) -> Verdict:
    """Return the verdict in the screener's folder; it must account for each file exactly once."""
    folder = _open_folder(out)
    try:
        verdict = _parse(_read_small(folder, VERDICT, VERDICT_BYTES))
    finally:
        os.close(folder)
    judged = [file.id for file in verdict.files]
    if sorted(judged) != sorted(files):
        raise Unreadable("the screener's verdict does not account for each file exactly once")
    if not {finding.file for finding in verdict.findings} <= {*files, None}:
        raise Unreadable("the screener's verdict has a finding about a file that was not handed in")
    named = {finding.file for finding in verdict.findings if finding.severity == "block"}
    silent = [file.id for file in verdict.files if not file.canonical and file.id not in named]
    if silent and None not in named:
        raise Unreadable("the screener made no canonical copy of a file and does not say why")
    return verdict


def keep(out: Path, verdict: Verdict, *, vault: Vault, limits: UploadLimits) -> tuple[Canonical, ...]:
    """Copy the canonical files into the vault, hashed on our side; one that can't be copied is unreadable."""
    try:
        given = names.distinct(file.canonical_name or "" for file in verdict.files)
    except Invalid as error:
        raise Unreadable(f"the screener named a canonical copy badly: {error}") from error
    folder = _open_folder(out)
    kept: list[Canonical] = []
    left_bytes = limits.total_bytes
    try:
        for judged, name in zip(verdict.files, given, strict=True):
            most = min(limits.file_bytes, left_bytes)
            stored = _keep_one(folder, judged.id, vault=vault, most_bytes=most)
            left_bytes -= stored.size_bytes
            kept.append(Canonical(judged, name, stored))
    finally:
        os.close(folder)
    return tuple(kept)


def _keep_one(folder: int, name: str, *, vault: Vault, most_bytes: int) -> Stored:
    descriptor = _open_file(folder, name)
    incoming: Incoming = vault.incoming()
    try:
        while piece := os.read(descriptor, CHUNK_BYTES):
            if incoming.size_bytes + len(piece) > most_bytes:
                raise Unreadable("the screener's canonical copies are larger than what may be handed in")
            incoming.write(piece)
        incoming.finish()
        return vault.keep(incoming)
    finally:
        os.close(descriptor)
        incoming.drop()


def _parse(data: bytes) -> Verdict:
    try:
        return Verdict.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise Unreadable(f"the screener's verdict can't be read: {where}: {first['msg']}") from error


def _open_folder(out: Path) -> int:
    try:
        folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise Unreadable("the screener left no folder behind") from error
    with os.scandir(folder) as entries:
        for seen, _ in enumerate(entries):
            if seen >= MOST_ENTRIES:
                os.close(folder)
                raise Unreadable("the screener left too many files behind")
    return folder


def _open_file(folder: int, name: str) -> int:
    """Open a regular file with a single name; a link, a pipe or a device is never followed or waited for."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise Unreadable(f"the screener left no readable {name}") from error
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
        os.close(descriptor)
        raise Unreadable(f"the screener left a {name} that is not a plain file")
    return descriptor


def _read_small(folder: int, name: str, most_bytes: int) -> bytes:
    descriptor = _open_file(folder, name)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise Unreadable(f"the screener's {name} is larger than {most_bytes} bytes")
    return data
