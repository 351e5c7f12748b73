"""A fresh Debian root with mounts and processes of its own, as an institution's host without systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub.places import places

INCLUDED = ("ca-certificates", "python3", "python3-apt")
# The first process of the root: it keeps the namespaces and takes leave of what daemons leave behind.
# Says that it is there when it is inside: who came in before would be on this machine.
FIRST = """
import os, time
print("in", flush=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.1)
"""
ENTER = """
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$1"
tar -C "$1" -xf "$3" --exclude="./dev/*"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=0755 tmpfs "$1/run"
exec chroot "$1" /usr/bin/python3 -c "$2"
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Ansible's way in has Python load this: modules come as zips, whose files it compiled anew for every task.
COMPILED = Path("usr/local/lib/compiled/sitecustomize.py")
# What this machine reaches its mirror by.
LENT = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Root:
    """A Debian root that runs."""

    # Where it is mounted, which only its own processes see.
    point: Path
    leader: int

    @property
    def folder(self) -> Path:
        """The root as this machine sees it."""
        return Path(f"/proc/{self.leader}/root")

    def run(self, *command: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        enter = [
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--net",
            "--root",
            "--wd",
        ]
        own = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root"}
        return subprocess.run(
            [*enter, *command], check=False, capture_output=True, text=True, input=stdin, env=own | variables
        )

    def mount(self, lent: Path, inside: str) -> None:
        """Show a folder of this machine inside, where nobody else sees it."""
        (self.folder / inside).mkdir(parents=True, exist_ok=True)
        words = ["nsenter", f"--target={self.leader}", "--mount", "mount", "--bind"]
        subprocess.run([*words, str(lent), str(self.point / inside)], check=True)


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
def running(*apart: str) -> Iterator[Root]:
    """Unpack a root into memory and start its first process, with which all ends that ran and lay there.

    `--net` gives it a network of its own.
    """
    with TemporaryDirectory(prefix="parlatory-root-", dir="/var/tmp") as name:
        # Nothing of it outlives the test, not even one that is killed.
        words = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--uts", "--ipc", *apart]
        words += ["--fork", "--kill-child", "--", "sh", "-ec", ENTER, "enter", name, FIRST, str(base())]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
            try:
                assert holder.stdout is not None and holder.stdout.readline() == "in\n"
                children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
                yield furnished(Root(Path(name), int(children[0])))
            finally:
                holder.kill()


def furnished(root: Root) -> Root:
    """Return a root that reaches the mirror as this machine does and starts nothing by itself."""
    for lent in LENT:
        if Path(lent).exists():
            target = root.folder / lent[1:]
            target.unlink(missing_ok=True)
            shutil.copyfile(lent, target)
    (root.folder / COMPILED).parent.mkdir()
    shutil.copyfile(Path(__file__).with_name("compiled.py"), root.folder / COMPILED)
    # No list of packages is there yet, which an empty folder of today would hide from apt.
    os.utime(root.folder / "var" / "lib" / "apt" / "lists", (0, 0))
    # As in every chroot: what is installed does not start by itself.
    policy = root.folder / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    return root


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    """A fresh Debian."""
    with running() as made:
        yield made
