"""What `doctor --attack` attacks: the walls of a session that its whole list of attacks runs against."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

from hub.engine import container
from tests.security.without.engine import Remove, besides, larger_homes, roomy_in, wall
from tests.security.without.removal import Removal

FILE = "security/test_inside_attacks.py"
# The kernel's form of a file's capabilities, revision 2: effective, and CAP_NET_RAW permitted.
NET_RAW = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
SAYS = "it says"


def _named(*names: str) -> str:
    return f"test_an_inside_attack_fails and ({' or '.join(f'{name}]' for name in names)})"


def _folder(places: Any, name: str) -> Path:
    folder = Path(places.run / name)
    folder.mkdir(exist_ok=True)
    return folder


def program_with_capabilities(body: container.Body, places: Any) -> None:
    """Show a session a program with a capability of its own."""
    folder = _folder(places, "capable")
    program = folder / "program"
    program.write_bytes(b"#!")
    os.setxattr(program, "security.capability", NET_RAW)
    body["HostConfig"]["Mounts"].append(container._bind(folder, "/mnt", read_only=True))


def folder_of_everybody(body: container.Body, places: Any) -> None:
    """Show a session a folder that everybody may write, where the image has its own."""
    folder = _folder(places, "open")
    (folder / "lib").mkdir(exist_ok=True)
    (folder / "lib").chmod(0o777)
    body["HostConfig"]["Mounts"].append(container._bind(folder, "/opt", read_only=True))


def program_of_another(body: container.Body, places: Any) -> None:
    """Show a session a program that runs as its owner."""
    folder = _folder(places, "owned")
    program = folder / "program"
    program.write_bytes(b"#!")
    program.chmod(0o4755)
    body["HostConfig"]["Mounts"].append(container._bind(folder, "/mnt", read_only=True))


def any_calls() -> Remove:
    """Return a removal of the filter of system calls; no new privileges stays."""
    return wall(SecurityOpt=["no-new-privileges:true", "seccomp=unconfined"])


def small_sizes_lifted() -> None:
    """Give /tmp and shared memory as much room as they ask for."""
    wall(Tmpfs={"/tmp": "rw,nosuid,nodev"}, ShmSize=4 << 30, Memory=0, MemorySwap=0)()


def roomy_home_and_in() -> None:
    """Give homes and in/ as much room as a host's disk would."""
    larger_homes()
    roomy_in()


def _row(control: str, remove: Remove, *attacks: str) -> Removal:
    return Removal(control, remove, FILE, _named(*attacks), shows=SAYS)


REMOVALS = {
    "calls": Removal(
        "the filter of system calls",
        any_calls(),
        FILE,
        "test_an_inside_attack_fails and kernel-surface",
        shows=SAYS,
    ),
    "masked": _row("paths of /proc and /sys that are covered", wall(MaskedPaths=[]), "masked"),
    "read-only": _row("parts of /proc that are read-only", wall(ReadonlyPaths=[]), "read-only-proc"),
    "processes-apart": _row(
        "a process namespace of its own", wall(PidMode="host"), "other-processes", "root-of-process-1"
    ),
    "ipc": _row(
        "an IPC namespace of its own",
        wall(IpcMode="host"),
        "shared-memory-segment",
        "ipc-tables",
        "host-shm",
        "message-queue",
    ),
    "network": _row(
        "no network, not the host's either: abstract sockets",
        wall(NetworkMode="host"),
        "abstract-socket",
        "socket-names",
        "interfaces",
    ),
    "set-uid": _row("no set-uid program in sight", besides(program_of_another), "set-uid"),
    "capabilities": _row(
        "no program with capabilities in sight", besides(program_with_capabilities), "file-capabilities"
    ),
    "system-paths": _row(
        "no system path that anybody may write", besides(folder_of_everybody), "writable-system-paths"
    ),
    "forks": _row("the number of processes", wall(PidsLimit=None, Memory=0, MemorySwap=0), "fork-bomb"),
    "memory": _row("the size of memory", wall(Memory=0, MemorySwap=0), "memory"),
    "limits": _row("limits on open files and core dumps", wall(Ulimits=[]), "descriptors", "core-dumps"),
    "sizes": _row("the sizes of /tmp and /dev/shm", small_sizes_lifted, "fill-tmp", "fill-shm"),
    "disks": _row("the sizes of home and in/", roomy_home_and_in, "fill-home", "fill-in"),
}
