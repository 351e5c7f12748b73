"""Folders a container sees: followed without links, mounted small, taken away again."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import Refused, Unavailable

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND = 2, 4, 8, 4096
MNT_DETACH = 2
# mount(8) would resolve a name a second time; the kernel resolves what it is given once.
_libc = ctypes.CDLL(None, use_errno=True)


def tmpfs(target: Path, *, size_bytes: int, inodes: int, uid: int, gid: int) -> None:
    """Mount a small file system of its own at `target`, so that filling it fills nothing else."""
    options = f"size={size_bytes},nr_inodes={inodes},uid={uid},gid={gid},mode=2770"
    _mount(b"tmpfs", target, b"tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.encode())


def bind_without_links(source: Path, root: Path, target: Path) -> None:
    """Bind the folder `source`, reached from `root` through real folders only, to `target`."""
    with opened(source, root) as folder:
        _mount(f"/proc/self/fd/{folder}".encode(), target, None, MS_BIND, None)


def require_real(source: Path, root: Path) -> None:
    """Refuse a source that isn't a folder reached from `root` through real folders only."""
    with opened(source, root):
        pass


@contextmanager
def opened(source: Path, root: Path) -> Iterator[int]:
    """Hold a folder open that is reached from `root` through real folders, no link among them."""
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
    if root not in source.parents or ".." in source.parts:
        raise Refused([f"{source} is not inside {root}; nothing outside it can be mounted."])
    try:
        folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in source.relative_to(root).parts:
            outer = folder
            try:
                folder = os.open(part, flags, dir_fd=outer)
            finally:
                os.close(outer)
    except OSError as error:
        raise Refused([f"{source} cannot be mounted: part of it is missing, a link or no folder."]) from error
    try:
        yield folder
    finally:
        os.close(folder)


def mounted() -> list[Path]:
    """Return every mount point of this process, in the order they were made."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [Path(line.split()[4].encode().decode("unicode_escape")) for line in lines]


def unmount(target: Path) -> None:
    """Take away every mount at `target`; a busy one is detached and ends with its last user."""
    for _ in range(mounted().count(target)):
        if _libc.umount2(os.fsencode(target), 0) != 0 and _libc.umount2(os.fsencode(target), MNT_DETACH) != 0:
            raise Unavailable(f"{target} cannot be unmounted: {os.strerror(ctypes.get_errno())}")


def remove(folder: Path) -> None:
    """Remove a folder of the engine's, what was mounted below it first."""
    for target in reversed(mounted()):
        if folder in target.parents or target == folder:
            unmount(target)
    # Removes links, never what they point to; something in use is an error, not a leftover in silence.
    if folder.exists():
        shutil.rmtree(folder)


def make(folder: Path, mode: int, *, uid: int = 0, gid: int = 0) -> Path:
    """Make a folder with exactly this mode and owner; its parents must exist."""
    folder.mkdir(exist_ok=True)
    os.chown(folder, uid, gid)
    folder.chmod(mode)
    return folder


def _mount(source: bytes, target: Path, kind: bytes | None, flags: int, options: bytes | None) -> None:
    if _libc.mount(source, os.fsencode(target), kind, flags, options) != 0:
        raise Unavailable(f"{target} cannot be mounted: {os.strerror(ctypes.get_errno())}")
