"""A process that is short of memory, while the machine is not."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# So much more than it has now a process may have while it is short of memory.
SHORT = (0, 2 * 1024**2)


@contextmanager
def short_of_memory(process: int, *, but: int) -> Iterator[None]:
    """Let a process have so much more memory than now and no more: not the machine, and not for ever."""
    status = Path(f"/proc/{process}/status").read_text()
    size = int(next(line for line in status.splitlines() if line.startswith("VmSize:")).split()[1]) * 1024
    before = resource.prlimit(process, resource.RLIMIT_AS)
    resource.prlimit(process, resource.RLIMIT_AS, (size + but, before[1]))
    try:
        yield
    finally:
        # One that could not go on has ended; whoever starts it again starts it without the limit.
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_AS, before)
