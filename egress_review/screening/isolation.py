"""Runs inspections in processes of their own: each bounded in time, memory, output and open files."""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import NoReturn

from egress_review.screening.inspection import Looked
from egress_review.screening.verdict import Finding, Severity, block

SMALLER = "Hand in a smaller or simpler file; if it is a plain result, tell the output checkers."
OUT_OF_MEMORY = 12
PR_SET_DUMPABLE = 4  # Linux, prctl(2)
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Bounds:
    """What one inspection may use: bytes of address space beyond what is mapped, and of canonical copy."""

    memory_bytes: int
    output_bytes: int
    all_end_at: float = math.inf  # of time.monotonic(); nothing runs beyond


@dataclass
class _Child:
    """A forked inspection, and what it has answered so far."""

    key: str | None
    process: int
    reading: int
    seconds: float
    began: float
    bounds: Bounds
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0

    def ended(self, ready: bool) -> Looked | None:
        """Return what the child found, once it has said all, said too much, or its time is up."""
        chunk = os.read(self.reading, 1 << 20) if ready else None
        if chunk:
            self.chunks.append(chunk)
            self.size += len(chunk)
        most = self.bounds.output_bytes + 4 * 1024 * 1024
        if chunk != b"" and self.left() > 0 and self.size <= most:
            return None
        status = self.stop()
        if chunk != b"":
            return _blocked(f"Looking through this file took longer than {self.seconds:.0f} seconds.")
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == OUT_OF_MEMORY:
            return _blocked("Looking through this file needed too much memory.")
        return _understood(b"".join(self.chunks))

    def left(self) -> float:
        """Return the seconds that are left; those it stood in line for a processor are given to it once more.

        On a busy machine an honest file is not blocked for its neighbours; at most twice its time passes.
        """
        ends_at = self.began + self.seconds + min(_in_line(self.process), self.seconds)
        return min(ends_at, self.bounds.all_end_at) - time.monotonic()

    def stop(self) -> int:
        """End the child and whatever it started; return its exit status."""
        os.close(self.reading)
        with suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        return os.waitpid(self.process, 0)[1]


def side_by_side(
    inspections: Mapping[str | None, Callable[[], Looked]],
    seconds: Callable[[], float],
    bounds: Bounds,
    at_once: int,
) -> dict[str | None, Looked]:
    """Return what each inspection finds, at most `at_once` of them running, each in a forked process.

    A crash or an exceeded limit is a block; nothing is believed but JSON of the expected shape.
    `seconds` is asked as each begins and says how long it may take; at 0 it is not begun and has no answer.
    """
    waiting = list(inspections.items())
    running: list[_Child] = []
    found: dict[str | None, Looked] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                key, inspect = waiting.pop(0)
                if (left := seconds()) > 0:
                    running.append(_begun(key, inspect, left, bounds, running))
            found.update(_ended(running))
    finally:
        for child in running:
            child.stop()
    return found


def _begun(
    key: str | None, inspect: Callable[[], Looked], seconds: float, bounds: Bounds, others: Sequence[_Child]
) -> _Child:
    """Fork the process of an inspection; it holds nothing of the others'."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        for handle in (reading, *(other.reading for other in others)):
            os.close(handle)
        _inspect_and_leave(inspect, writing, seconds, bounds.memory_bytes)
    os.close(writing)
    with suppress(OSError):
        # The child says the same of itself: whoever is first, it leads a group that ends with it.
        os.setpgid(process, process)
    return _Child(key, process, reading, seconds, time.monotonic(), bounds)


def _ended(running: list[_Child]) -> dict[str | None, Looked]:
    """Wait until a child says something or is late; take those that have ended off `running`."""
    if not running:
        return {}
    left = max(min(child.left() for child in running), 0.0)
    ready = wait([child.reading for child in running], left)
    found = {}
    for child in tuple(running):
        looked = child.ended(child.reading in ready)
        if looked is not None:
            running.remove(child)
            found[child.key] = looked
    return found


def _in_line(process: int) -> float:
    """Return the seconds a process was ready and had no processor; 0 where the kernel does not count them."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def closed() -> None:
    """Close this process and those it forks to each other: no one of the same user reads or writes another's.

    Without it a parser that was taken over could answer for a file that is read beside its own. Raises
    OSError where the kernel refuses.
    """
    if LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the process can't be closed to others")


def _inspect_and_leave(
    inspect: Callable[[], Looked], writing: int, seconds: float, memory_bytes: int
) -> NoReturn:
    """Limit this process, inspect, write the answer, and leave without running anything of the parent's."""
    code = 1
    try:
        os.setpgid(0, 0)
        closed()
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
