"""Screens a whole submission: two files at a time, each in a process of its own with limits of its own."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from egress_review.screening import names, together
from egress_review.screening.context import Context
from egress_review.screening.index import Index
from egress_review.screening.inspection import NOTHING, Looked, look, prepare
from egress_review.screening.isolation import Bounds, side_by_side
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import (
    ORDER,
    FileVerdict,
    Finding,
    Unscreenable,
    Verdict,
    block,
    note,
    refuse,
)

TOGETHER = None  # the key of what only the files together show


def screen(
    paths: Mapping[str, tuple[Path, str]], index: Index, limits: Limits, *, context: Context = NOTHING
) -> Verdict:
    """Return the verdict on files, and of each that no finding blocks the canonical copy that may leave.

    `paths` maps a file's id to where its bytes lie and the name it was declared with; sizes in `limits` are
    bytes, times seconds. A file that crashes its parser, runs too long or needs too much memory is blocked.
    """
    ends_at = time.monotonic() + limits.seconds
    index.prepare()
    prepare([name for _, name in paths.values()])
    findings = list(_together(paths, limits))
    findings += names.check_together({file: name for file, (_, name) in paths.items()}, index, limits)
    inspections = {} if _stops(findings) else _inspections(paths, index, context, limits)
    seen = side_by_side(
        inspections,
        lambda: min(ends_at - time.monotonic(), limits.seconds_per_file),
        Bounds(limits.memory_bytes, limits.file_bytes, ends_at),
        min(limits.at_once, len(os.sched_getaffinity(0))),
    )
    unseen = _unseen(
        "the time for the submission was used up" if inspections else "the submission as a whole is blocked"
    )
    if inspections:
        findings += seen.get(TOGETHER, unseen).findings
    files: list[FileVerdict] = []
    taken: set[str] = set()
    for file, (_, name) in paths.items():
        looked = seen.get(file, unseen)
        about = [*names.check(name, index, limits), *looked.findings]
        about += [finding for finding in findings if finding.file == file]
        if looked.canonical is None and not _stops(about):
            about.append(block("screening", "The screening gave no copy of this file that could leave."))
        findings += [replace(finding, file=file) for finding in about if finding.file is None]
        files.append(_judged(file, name, looked, _stops(about), taken))
    return Verdict(tuple(files), _most_important(findings, limits))


def _judged(file: str, name: str, looked: Looked, stopped: bool, taken: set[str]) -> FileVerdict:
    """Return the verdict on one file; what is stopped has no copy, no name and no bits."""
    if stopped:
        return FileVerdict(file, looked.kind, looked.media_type, None, None, None)
    new_name = names.clean(name, looked.suffix, taken)
    return FileVerdict(file, looked.kind, looked.media_type, looked.canonical, new_name, looked.bits)


def rebuild(path: Path, name: str | None = None) -> bytes:
    """Return the canonical copy of one file by its declared name; raises Unscreenable where there is none.

    Deterministic, and the rebuild of a rebuild is itself. Not isolated: for files already screened.
    """
    looked = look(path.read_bytes(), name or path.name, Index(), Limits())
    if looked.canonical is None:
        raise Unscreenable(next(finding for finding in looked.findings if finding.severity == "block"))
    return looked.canonical


def _stops(findings: list[Finding]) -> bool:
    return any(finding.severity == "block" for finding in findings)


def _together(paths: Mapping[str, tuple[Path, str]], limits: Limits) -> list[Finding]:
    if not paths:
        return [block("files", "There is no file to screen.", "Hand in at least one file.")]
    if len(paths) > limits.files:
        return [
            block(
                "files",
                f"{len(paths)} files are more than a human can review, over {limits.files}.",
                "Hand in fewer files.",
            )
        ]
    total = sum(path.lstat().st_size for path, _ in paths.values() if path.is_file())
    if total > limits.total_bytes:
        return [
            block(
                "size",
                f"The files have {total:,} bytes together; at most {limits.total_bytes:,} leave together.",
                "Hand in fewer or smaller files.",
            )
        ]
    return []


def _inspections(
    paths: Mapping[str, tuple[Path, str]], index: Index, context: Context, limits: Limits
) -> dict[str | None, Callable[[], Looked]]:
    """Return what is to be looked through: what only the files together show, then each, largest first."""
    regular = {
        file: (path, name)
        for file, (path, name) in paths.items()
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= limits.file_bytes
    }
    found: dict[str | None, Callable[[], Looked]] = {
        TOGETHER: partial(together.look, regular, index, context, limits)
    }
    for file in sorted(paths, key=lambda one: -paths[one][0].stat().st_size if one in regular else 0):
        found[file] = partial(_one, *paths[file], index, limits, context)
    return found


def _one(path: Path, name: str, index: Index, limits: Limits, context: Context) -> Looked:
    try:
        data = _bytes(path, limits)
    except Unscreenable as error:
        return Looked("other", "application/octet-stream", "", None, (error.finding,))
    return look(data, name, index, limits, context)


def _unseen(reason: str) -> Looked:
    finding = block("screening", f"The file was not looked at: {reason}.", "Hand in fewer or smaller files.")
    return Looked("other", "application/octet-stream", "", None, (finding,))


def _bytes(path: Path, limits: Limits) -> bytes:
    """Return the bytes of a regular file; a link, a pipe or a device is refused unread."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise refuse(
            "file", f"The file can't be opened: {error.strerror}.", "Hand in a regular file."
        ) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise refuse("file", "This is no regular file.", "Hand in a regular file.")
    with os.fdopen(handle, "rb") as opened:
        if status.st_size > limits.file_bytes:
            raise refuse(
                "size",
                f"The file has {status.st_size:,} bytes; at most {limits.file_bytes:,} may leave.",
                "Hand in a summary.",
            )
        data = opened.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise refuse("size", "The file grew while it was read.", "Hand it in again.")
    return data


def _most_important(findings: list[Finding], limits: Limits) -> tuple[Finding, ...]:
    """Return at most `limits.findings`, the worst first; every blocked file keeps one block."""
    ordered = sorted(findings, key=lambda finding: ORDER[finding.severity])
    if len(ordered) <= limits.findings:
        return tuple(ordered)
    firsts = list({f.file: f for f in reversed(ordered) if f.severity == "block"}.values())
    kept = list(dict.fromkeys([*firsts, *ordered]))[: limits.findings - 1]
    return (*kept, note("findings", f"{len(findings) - len(kept):,} more findings are not listed."))
