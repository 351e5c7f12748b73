"""A workspace's home: an ext4 file of the size its project was given, mounted while its session runs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from hub import files
from hub.engine import mounts
from hub.errors import Unavailable, WrongState
from hub.places import Places

# e2fsck: 0 is clean, 1 is "errors corrected".
FSCK_FINE = {0, 1}
# A container that has just gone lets go of its home a moment later.
LET_GO_SECONDS = 5.0


def image(places: Places, workspace: str) -> Path:
    """Return the file that holds a workspace's home."""
    return places.state / "homes" / f"{workspace}.img"


def point(places: Places, workspace: str) -> Path:
    """Return where a workspace's home is mounted."""
    return places.run / "homes" / workspace


def is_mounted(places: Places, workspace: str) -> bool:
    """Say whether a session holds this home now."""
    return point(places, workspace) in mounts.mounted()


def mount(places: Places, workspace: str, *, uid: int, size_bytes: int) -> Path:
    """Mount a home, made or grown to its size first; a home is never mounted twice."""
    target = point(places, workspace)
    if is_mounted(places, workspace):
        raise WrongState(f"the home of workspace {workspace} is in use by another session; stop that first")
    file = image(places, workspace)
    if file.exists():
        _require_let_go(file, workspace)
        _check(file)
        if file.stat().st_size < size_bytes:
            _grow(file, size_bytes)
    else:
        _create(file, uid=uid, size_bytes=size_bytes)
    mounts.make(target, 0o700)
    _run("mount", "-t", "ext4", "-o", "loop,nosuid,nodev,noatime,errors=remount-ro", str(file), str(target))
    return target


def unmount(places: Places, workspace: str) -> None:
    """Take a home away; what was written in it stays in its file."""
    target = point(places, workspace)
    mounts.unmount(target)
    if target.exists():
        target.rmdir()


def usage(places: Places, workspace: str) -> tuple[int, int]:
    """Return (bytes used, bytes there are) of a mounted home."""
    found = os.statvfs(point(places, workspace))
    return (found.f_blocks - found.f_bfree) * found.f_frsize, found.f_blocks * found.f_frsize


def _create(file: Path, *, uid: int, size_bytes: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as out:
        os.fchmod(out.fileno(), 0o600)
        # Sparse: the size is a limit, the disk is used as the home fills.
        out.truncate(size_bytes)
    owner = f"root_owner={uid}:{uid}"
    # -m 0: no blocks kept for root, so a home holds what was promised.
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", owner, str(fresh))
    _run("debugfs", "-w", "-R", "rmdir lost+found", str(fresh))
    files.sync(fresh)
    fresh.replace(file)
    files.sync(file.parent)


def _require_let_go(file: Path, workspace: str) -> None:
    """Refuse a home that is still mounted where our own mounts don't show it: in a container of before."""
    end = time.monotonic() + LET_GO_SECONDS
    while held := _run("losetup", "--associated", str(file)):
        if time.monotonic() > end:
            device = held.partition(":")[0]
            raise WrongState(
                f"the home of workspace {workspace} is still held by something on this machine ({device}); "
                "it can be opened again when that has ended"
            )
        time.sleep(0.1)


def _check(file: Path) -> None:
    done = _call("e2fsck", "-p", str(file))
    if done.returncode not in FSCK_FINE:
        raise Unavailable(
            f"the home in {file} is damaged and could not be repaired without losing something; an admin can "
            f"look at it with `e2fsck {file}`"
        )


def _grow(file: Path, size_bytes: int) -> None:
    os.truncate(file, size_bytes)
    done = _call("e2fsck", "-f", "-p", str(file))
    if done.returncode not in FSCK_FINE:
        raise Unavailable(f"the home in {file} could not be checked before growing: {_last(done)}")
    _run("resize2fs", str(file))


def _run(*command: str) -> str:
    done = _call(*command)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed with status {done.returncode}: {_last(done)}")
    return done.stdout.strip()


def _call(*command: str) -> subprocess.CompletedProcess[str]:
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": path, "LC_ALL": "C"},
            timeout=300,
        )
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not installed; install the package e2fsprogs") from error


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else "it said nothing"
