"""Homes in a backup: each file system copied at one moment of its own, whether its session runs or not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.backup import freezer, sparse
from hub.backup.failure import BackupFailed
from hub.engine import homes
from hub.places import Places

TRIES = 3
# Of <linux/ext4_fs.h>: where the superblock lies, its s_feature_incompat, and the flag for a journal in use.
_SUPERBLOCK, _INCOMPATIBLE, _RECOVER = 1024, 0x60, 0x4


def workspaces(places: Places) -> list[str]:
    """Return the workspaces that have a home."""
    return sorted(path.stem for path in (places.state / "homes").glob("*.img"))


def copy(places: Places, workspace: str, target: Path) -> None:
    """Copy a home to a new file; a session that starts or ends meanwhile makes it begin again."""
    for _ in range(TRIES):
        target.unlink(missing_ok=True)
        if homes.is_mounted(places, workspace):
            _copy_still(places, workspace, target)
            return
        if _copy_quiet(places, workspace, target):
            return
    raise BackupFailed(f"the home of workspace {workspace} kept changing while it was copied; try again")


def _copy_still(places: Places, workspace: str, target: Path) -> None:
    with freezer.still(homes.point(places, workspace)):
        _copy(homes.image(places, workspace), target)
    # Frozen, a file system is whole without its journal: a copy that is not shows that this failed.
    if needs_recovery(target):
        raise BackupFailed(
            f"the home of workspace {workspace} was not held still while it was copied; try again"
        )
    done = subprocess.run(
        ["e2fsck", "-f", "-n", str(target)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
    )
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise BackupFailed(f"the copy of the home of workspace {workspace} is not whole: {''.join(last)}")


def needs_recovery(image: Path) -> bool:
    """Say whether an ext4 file system is only whole once its journal is replayed."""
    with image.open("rb") as file:
        file.seek(_SUPERBLOCK + _INCOMPATIBLE)
        return bool(int.from_bytes(file.read(4), "little") & _RECOVER)


def _copy_quiet(places: Places, workspace: str, target: Path) -> bool:
    image = homes.image(places, workspace)
    before = _marks(image)
    _copy(image, target)
    return _marks(image) == before and not homes.is_mounted(places, workspace)


def _copy(source: Path, target: Path) -> None:
    with _opened(source, os.O_RDONLY) as one, _opened(target, os.O_RDWR | os.O_CREAT | os.O_EXCL) as other:
        sparse.copy(one, other)


def _marks(image: Path) -> tuple[int, int, int]:
    facts = image.stat()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sizes(places: Places) -> Iterator[int]:
    """Yield how many bytes of disk each home takes."""
    for workspace in workspaces(places):
        yield homes.image(places, workspace).stat().st_blocks * 512
