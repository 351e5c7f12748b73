"""What must be true of the machine before anything is changed; each lack is one sentence."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from hub.cli import docker_engine, environment, programs
from hub.cli.running import StepFailed
from hub.places import PORTS, Places

GIB = 1024**3
FREE_TO_BUILD = 12
FREE_TO_RUN = 2
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def check(places: Places) -> None:
    """Raise one message with every lack of this machine; change nothing."""
    lacks = [sentence for look in CHECKS if (sentence := look(places))]
    if lacks:
        raise StepFailed(
            "this machine is not ready, and nothing was changed:\n"
            + "\n".join(f"  - {lack}" for lack in lacks)
        )


def not_root(_places: Places) -> str:
    """Root makes users, mounts homes and starts each process as its own user."""
    if os.geteuid() == 0:
        return ""
    return "You are not root: run this command as root, for example with `sudo python3 -m hub up`."


def wrong_machine(_places: Places) -> str:
    """The images and tools exist for two architectures."""
    found = platform.machine()
    if platform.system() == "Linux" and found in MACHINES:
        return ""
    return f"This is {platform.system()} on {found}: a Linux machine with amd64 or arm64 is needed."


def not_debian(_places: Places) -> str:
    """Packages come through apt."""
    if shutil.which("apt-get") and shutil.which("dpkg-query"):
        return ""
    return "There is no apt-get here: Debian 12 or 13 is needed."


def no_python(_places: Places) -> str:
    """Every process's user must be able to run the interpreter."""
    if environment.base_interpreter():
        return ""
    return (
        "No Python 3.11 or newer can be run by other users than root: "
        "`apt-get install python3` on Debian 12 or 13 gives one at /usr/bin/python3."
    )


def unreadable_checkout(places: Places) -> str:
    """The processes' users read the program from the checkout."""
    for path in (places.checkout, places.checkout / "hub", Path(__file__)):
        needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
        # A closed checkout folder itself is shown to others elsewhere; closed files inside are not.
        if path != places.checkout and path.stat().st_mode & needed != needed:
            return f"Other users cannot read {path}: run `chmod -R go+rX {places.checkout}`."
    return ""


def disk_too_full(places: Places) -> str:
    """Images and homes need room."""
    built = any(tag.startswith("parlatory/workspace:") for tag in docker_engine.images())
    wanted, why = (FREE_TO_RUN, "run") if built else (FREE_TO_BUILD, "build the images")
    for folder in (places.state, Path("/var/lib/docker"), places.checkout):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        if free < wanted * GIB:
            return (
                f"{free / GIB:.1f} GiB are free where {folder} lies, and {wanted} GiB are needed to {why}: "
                "make room, or set PARLATORY_STATE to a folder on a larger disk."
            )
    return ""


def ports_taken(places: Places) -> str:
    """The enclave's six ports on the loopback must be free, or held by this enclave's own processes."""
    taken = []
    for name in PORTS:
        port = places.port(name)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                holder = port_holder(port)
                if holder not in leftovers(places):
                    taken.append(f"{port} ({name}; held by {describe(holder)})")
    if not taken:
        return ""
    return (
        f"Ports are in use on 127.0.0.1: {', '.join(taken)}: stop what holds them, "
        "or set PARLATORY_PORT to the first of six free ones."
    )


def half_restored(places: Places) -> str:
    """A state of which one half is from a backup is no state to start."""
    if (places.state / "restore-unfinished").exists():
        return f"A restore into {places.state} was interrupted: run `python3 -m hub restore` again first."
    return ""


CHECKS: tuple[Callable[[Places], str], ...] = (
    not_root,
    wrong_machine,
    not_debian,
    no_python,
    unreadable_checkout,
    disk_too_full,
    ports_taken,
    half_restored,
)


def port_holder(port: int) -> int | None:
    """Return the process that listens on a port, if we may see it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for process in pids():
        try:
            if any(str(link.readlink()) in inodes for link in Path(f"/proc/{process}/fd").iterdir()):
                return process
        except OSError:
            # The process ended while we looked, or is not ours to look at.
            continue
    return None


def pids() -> list[int]:
    """Return the ids of all processes."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def leftovers(places: Places) -> dict[int, str]:
    """Return this enclave's own processes, marked by their environment: id and name."""
    here = f"PARLATORY_RUN={places.run}".encode()
    mark = f"{programs.MARK}=".encode()
    found = {}
    for process in pids():
        try:
            variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        names = [value[len(mark) :].decode() for value in variables if value.startswith(mark)]
        if names and here in variables and names[0] in programs.NAMES:
            found[process] = names[0]
    return found


def describe(process: int | None) -> str:
    """Return a process's name and id for a message."""
    if process is None:
        return "another process"
    try:
        return f"{Path(f'/proc/{process}/comm').read_text(encoding='utf-8').strip()}, pid {process}"
    except OSError:
        return f"pid {process}"
