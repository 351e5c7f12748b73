"""Runs one inspection in a process of its own: bounded in time, memory, output and open files."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from egress_review.screening.inspection import Looked
from egress_review.screening.verdict import Finding, Severity, block

SMALLER = "Hand in a smaller or simpler file; if it is a plain result, tell the output checkers."
OUT_OF_MEMORY = 12


def isolated(inspect: Callable[[], Looked], seconds: float, memory_bytes: int, output_bytes: int) -> Looked:
    """Return what `inspect` finds, run in a forked process; a crash or an exceeded limit is a block.

    `seconds` bounds the wall clock, `memory_bytes` the address space beyond what is mapped, `output_bytes`
    the canonical copy. Nothing the process says is believed but JSON of the expected shape.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _inspect_and_leave(inspect, writing, seconds, memory_bytes)
    os.close(writing)
    try:
        answer, in_time = _read(reading, seconds, output_bytes + 4 * 1024 * 1024)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not in_time:
        return _blocked(f"Looking through this file took longer than {seconds:.0f} seconds.")
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == OUT_OF_MEMORY:
        return _blocked("Looking through this file needed too much memory.")
    return _understood(answer)


def _inspect_and_leave(
    inspect: Callable[[], Looked], writing: int, seconds: float, memory_bytes: int
) -> NoReturn:
    """Limit this process, inspect, write the answer, and leave without running anything of the parent's."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_mapped() + memory_bytes,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1,) * 2)
        looked = inspect()
        canonical = looked.canonical or b""
        head = json.dumps(
            {
                "kind": looked.kind,
                "media_type": looked.media_type,
                "suffix": looked.suffix,
                "findings": [asdict(finding) for finding in looked.findings],
                "bits": looked.bits,
                "canonical": None if looked.canonical is None else len(canonical),
            }
        ).encode()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(len(head).to_bytes(8, "big") + head + canonical)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        try:
            _log_crash(sys.exception())
        finally:
            # Whatever was raised, this process ends here: it must never run on as a second parent.
            os._exit(code)


def _log_crash(error: BaseException | None) -> None:
    """Write which error broke off the inspection, and where; never its words, they may hold data."""
    if error is None:
        return
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    os.write(2, f"inspection_crashed error={type(error).__name__} at={place}\n".encode())


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _read(reading: int, seconds: float, most: int) -> tuple[bytes, bool]:
    ends_at = time.monotonic() + seconds
    chunks: list[bytes] = []
    size = 0
    while (left := ends_at - time.monotonic()) > 0 and size <= most:
        ready, _, _ = select.select([reading], [], [], left)
        if not ready:
            break
        chunk = os.read(reading, 1 << 20)
        if not chunk:
            return b"".join(chunks), True
        chunks.append(chunk)
        size += len(chunk)
    return b"", False


def _understood(answer: bytes) -> Looked:
    try:
        length = int.from_bytes(answer[:8], "big")
        head = json.loads(answer[8 : 8 + length])
        canonical = answer[8 + length :]
        findings = tuple(
            Finding(
                str(f["check"]),
                Severity(f["severity"]),
                str(f["message"]),
                str(f["fix"]),
                str(f["where"]),
                None if f["file"] is None else str(f["file"]),
            )
            for f in head["findings"]
        )
        size = head["canonical"]
        if size is not None and size != len(canonical):
            return _blocked("Looking through this file ended half-way.")
        return Looked(
            str(head["kind"]),
            str(head["media_type"]),
            str(head["suffix"]),
            None if size is None else canonical,
            findings,
            None if head["bits"] is None else float(head["bits"]),
        )
    except (ValueError, KeyError, TypeError):
        return _blocked("Looking through this file crashed; a file that does that can't leave.")


def _blocked(message: str) -> Looked:
    return Looked("other", "application/octet-stream", "", None, (block("screening", message, SMALLER),))
