"""`python -m hub.backup.freezer FOLDER SECONDS`: hold a file system still until told, never for longer.

A process of its own: when the one that asked dies, its end of the pipe closes and the file system goes on.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.backup.failure import BackupFailed

# ioctl(2) of <linux/fs.h>.
_FIFREEZE, _FITHAW = 0xC0045877, 0xC0045878
TOO_LONG = 3
SECONDS = 60


@contextmanager
def still(folder: Path, *, seconds: int = SECONDS) -> Iterator[None]:
    """Hold a folder's file system still meanwhile, all of it on disk; one that went on meanwhile raises."""
    command = [sys.executable, "-P", "-m", "hub.backup.freezer", str(folder), str(seconds)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            said = holder.stdout.readline().strip()
            if said != "still":
                raise BackupFailed(f"{folder} can’t be held still for its copy: {said or 'no answer'}")
            yield
        finally:
            holder.stdin.close()
            status = holder.wait()
    if status == TOO_LONG:
        raise BackupFailed(
            f"{folder} could not be copied within {seconds} s, and its session is not held up for longer; "
            "stop that session and try again"
        )
    if status:
        raise BackupFailed(f"{folder} was not held still to the end; try again")


def main(arguments: list[str]) -> int:
    """Freeze, say so, wait for the end of the input or of the time, thaw."""
    folder, seconds = arguments
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(held, _FIFREEZE, 0)
    except OSError as error:
        sys.stdout.write(f"{error.strerror}\n")
        return 1
    try:
        sys.stdout.write("still\n")
        sys.stdout.flush()
        told, _, _ = select.select([sys.stdin], [], [], float(seconds))
    finally:
        fcntl.ioctl(held, _FITHAW, 0)
    return 0 if told else TOO_LONG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
