"""A fresh Debian root with mounts and processes of its own, as an institution's host without systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.places import places

INCLUDED = ("ca-certificates", "python3", "python3-apt")
# The first process of the root: it keeps the namespaces and takes leave of what daemons leave behind.
FIRST = """
import os, time
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.1)
"""
ENTER = """
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=0755 tmpfs "$1/run"
echo in
exec chroot "$1" /usr/bin/python3 -c "$2"
"""
# What this machine reaches its mirror by.
LENT = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Root:
    """A Debian root that runs."""

    folder: Path
    leader: int

    def run(self, *command: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        enter = [
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--root",
            "--wd=/",
        ]
        own = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
        return subprocess.run(
            [*enter, *command], check=False, capture_output=True, text=True, input=stdin, env=own | variables
        )


def codename() -> str:
    """Return the name of this machine's Debian."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def base() -> Path:
    """Return a small Debian of this machine's kind as a tar, made once a machine."""
    target = places.tools / "test-roots" / f"{codename()}.tar"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{os.getpid()}-{target.name}")
        mirror = os.environ.get("PARLATORY_DEBIAN_MIRROR")
        words = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(INCLUDED)}", codename()]
        subprocess.run([*words, str(fresh), *([mirror] if mirror else [])], check=True)
        fresh.rename(target)
    return target


@contextmanager
def running() -> Iterator[Root]:
    """Unpack a root, start its first process, and end all that ran in it."""
    folder = Path(tempfile.mkdtemp(prefix="parlatory-root-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        subprocess.run(["tar", "-C", str(folder), "-xf", str(base()), "--exclude=./dev/*"], check=True)
        for lent in LENT:
            if Path(lent).exists():
                target = folder / lent[1:]
                target.unlink(missing_ok=True)
                shutil.copyfile(lent, target)
        # No list of packages is there yet, which an empty folder of today would hide from apt.
        os.utime(folder / "var" / "lib" / "apt" / "lists", (0, 0))
        # As in every chroot: what is installed does not start by itself.
        policy = folder / "usr" / "sbin" / "policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        words = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--"]
        with subprocess.Popen(
            [*words, "sh", "-ec", ENTER, "enter", str(folder), FIRST], stdout=subprocess.PIPE, text=True
        ) as holder:
            try:
                assert holder.stdout is not None and holder.stdout.readline() == "in\n"
                children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
                yield Root(folder, int(children[0]))
            finally:
                holder.kill()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    """A fresh Debian."""
    with running() as made:
        yield made
