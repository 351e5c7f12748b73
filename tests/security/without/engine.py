"""The engine's controls: what encloses a session, and its end at its time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.engine import container, homes, mounts, seccomp, sessions
from hub.grant import Grant
from tests.security.without.removal import Removal, replaced, swap

INSIDE, SESSIONS = "security/test_engine_container.py", "integration/engine/test_sessions.py"
BROUGHT = "security/test_bring_ins.py"
Remove = Callable[[], None]


def wall(**walls: Any) -> Remove:
    """Return a removal that changes entries of every HostConfig."""

    def remove() -> None:
        made = container._walls
        container._walls = lambda **limits: {**made(**limits), **walls}

    return remove


def writable(target: str) -> Remove:
    """Return a removal that mounts what is below `target` writable."""

    def remove() -> None:
        made = container._bind
        container._bind = lambda source, where, *, read_only: made(
            source, where, read_only=read_only and not where.startswith(target)
        )

    return remove


def besides(change: Callable[[container.Body, Any], None]) -> Remove:
    """Return a removal that adds to the body of each session's container."""

    def remove() -> None:
        made = container.spec

        def spec(given: Grant, places: Any, **options: Any) -> container.Body:
            body = made(given, places, **options)
            change(body, places)
            return body

        container.spec = spec

    return remove


def hub_words(body: container.Body, places: Any) -> None:
    """Give a session what JupyterHub's own spawners give it."""
    body["Env"] += ["JUPYTERHUB_API_TOKEN=0123456789abcdef", "JUPYTERHUB_API_URL=http://127.0.0.1/hub/api"]


def docker_socket(body: container.Body, places: Any) -> None:
    """Mount the folder in which Docker's socket lies."""
    folder = Path(os.path.realpath("/var/run/docker.sock")).parent
    body["HostConfig"]["Mounts"].append(container._bind(folder, "/mnt", read_only=True))


def every_home(body: container.Body, places: Any) -> None:
    """Mount the folder of all homes, in which each is mounted while its session runs."""
    (places.run / "homes").chmod(0o755)
    for home in (places.run / "homes").iterdir():
        home.chmod(0o755)
    shared = container._bind(places.run / "homes", "/mnt", read_only=True)
    shared["BindOptions"]["NonRecursive"] = False
    body["HostConfig"]["Mounts"].append(shared)


def every_socket(body: container.Body, places: Any) -> None:
    """Mount the folder of all sessions, their servers' sockets in it."""
    shared = container._bind(places.run / "sessions", "/mnt", read_only=True)
    shared["BindOptions"]["NonRecursive"] = False
    body["HostConfig"]["Mounts"].append(shared)


def larger_homes() -> None:
    """Give every home eight times its size."""
    mount = homes.mount
    homes.mount = lambda places, workspace, *, uid, size_bytes: mount(
        places, workspace, uid=uid, size_bytes=8 * size_bytes
    )


def powerful_homes() -> None:
    """Mount homes without nosuid and nodev."""
    run = homes._run
    homes._run = lambda *command: run(*(word.replace("nosuid,nodev,", "") for word in command))


def roomy_in() -> None:
    """Give in/ as much room as a host's disk would."""
    replaced(sessions, "IN_BYTES", 64 << 20)
    replaced(sessions, "IN_INODES", 4096)


def followed_links() -> None:
    """Sweep a session's folder by the names it holds, wherever they lead."""
    remove = mounts.remove

    def followed(folder: Path) -> None:
        for name in folder.rglob("*"):
            if name.is_symlink() and name.is_file():
                name.resolve().unlink()
        remove(folder)

    mounts.remove = followed


def program_of_root(body: container.Body, places: Any) -> None:
    """Show a session a program that runs as its owner."""
    folder = places.run / "tools"
    folder.mkdir(exist_ok=True)
    shutil.copy("/usr/bin/id", folder / "id")
    (folder / "id").chmod(0o4755)
    body["HostConfig"]["Mounts"].append(container._bind(folder, "/mnt", read_only=True))


def timeless() -> None:
    """End a session for whatever is wrong with it, but never for its time."""
    why = sessions.Sessions._why_over

    def without_time(self: sessions.Sessions, found: Any, mounted: Any) -> str:
        said = why(self, found, mounted)
        return "" if said == "The session reached its time limit." else said

    replaced(sessions.Sessions, "_why_over", without_time)


REMOVALS = {
    "network": Removal(
        "no network",
        wall(NetworkMode="bridge"),
        INSIDE,
        "test_a_session_has_no_interface_but_its_own_loopback or test_no_address_can_be_reached",
        shows="eth0|connected|Connection refused",
    ),
    "seccomp": Removal(
        "our seccomp profile, AF_VSOCK refused (Docker's own default in its place)",
        swap(seccomp, "profile", lambda: (Path(seccomp.__file__).parent / "default.json").read_text()),
        INSIDE,
        "(test_no_socket_of_a_family_that_leads_around_the_network and vsock) "
        "or test_the_system_call_is_refused or test_32_bit_system_calls_end_the_program",
        shows="worked|answered",
    ),
    "capabilities": Removal(
        "capabilities dropped",
        wall(CapDrop=[]),
        INSIDE,
        "test_a_session_is_its_user_without_any_power",
        shows="== 0",
    ),
    "privileges": Removal(
        "no new privileges",
        lambda: wall(SecurityOpt=[f"seccomp={seccomp.profile()}"])(),
        INSIDE,
        "test_a_session_is_its_user_without_any_power",
        shows=r"\('0', '2'\)",
    ),
    "words": Removal(
        "no variable of the hub's inside",
        besides(hub_words),
        INSIDE,
        "test_no_docker_socket_no_host_files_no_hub_words_inside",
        shows="JUPYTERHUB_API_TOKEN",
    ),
    "docker": Removal(
        "mounts are data, home, in/ and out/ only: no docker.sock",
        besides(docker_socket),
        INSIDE,
        "test_no_docker_socket_no_host_files_no_hub_words_inside",
        shows="docker.sock",
    ),
    "homes": Removal(
        "a session sees its own home only",
        besides(every_home),
        INSIDE,
        "test_other_peoples_homes_and_sockets_are_not_there",
        shows="/mine",
    ),
    "sockets": Removal(
        "a session sees its own sockets only",
        besides(every_socket),
        INSIDE,
        "test_other_peoples_homes_and_sockets_are_not_there",
        shows="not in",
    ),
    "root": Removal(
        "read-only root",
        wall(ReadonlyRootfs=False),
        INSIDE,
        "test_the_root_cannot_be_written",
        shows="'written' in",
    ),
    "data": Removal(
        "data read-only", writable("/data"), INSIDE, "test_data_cannot_be_changed", shows="'changed' in"
    ),
    "out": Removal(
        "out/ read-only",
        writable("/run/parlatory-out"),
        INSIDE,
        "test_the_out_folder_cannot_be_written",
        shows="'made' ==",
    ),
    "processes": Removal(
        "limit on processes",
        wall(PidsLimit=None),
        INSIDE,
        "test_processes_end_at_their_number",
        shows="'all' ==",
    ),
    "memory": Removal(
        "limit on memory",
        wall(Memory=0, MemorySwap=0),
        INSIDE,
        "test_memory_ends_the_session_that_takes_it_and_no_other",
        shows="0 == -9",
    ),
    "log": Removal(
        "capped log driver: a flood on stdout ends",
        wall(LogConfig={"Type": "json-file", "Config": {}}),
        INSIDE,
        "test_a_flood_of_output_fills_no_disk_and_its_log_is_kept_capped",
        shows=r"\d{8} < ",
    ),
    "tmp": Removal(
        "size of /tmp",
        wall(Tmpfs={"/tmp": "rw,nosuid,nodev"}, Memory=0, MemorySwap=0),
        INSIDE,
        "test_what_can_be_written_ends_at_its_size and tmp",
        shows="filled",
    ),
    "in": Removal(
        "in/ on a small file system of its own",
        roomy_in,
        INSIDE,
        "test_the_socket_folder_runs_out_of_names or (test_what_can_be_written and parlatory-in)",
        shows="filled|made them all",
    ),
    "home": Removal(
        "size of a home",
        larger_homes,
        INSIDE,
        "test_what_can_be_written_ends_at_its_size and researcher",
        shows="filled",
    ),
    "nosuid": Removal(
        "homes without set-uid programs and devices",
        powerful_homes,
        INSIDE,
        "test_a_home_brings_no_power_to_the_next_session",
        shows="nosuid",
    ),
    "sweep": Removal(
        "links and pipes in in/ are swept, not followed",
        followed_links,
        INSIDE,
        "test_links_and_pipes_left_in_the_socket_folder_are_swept_without_being_followed",
        shows="a link was followed",
    ),
    "programs": Removal(
        "nothing inside runs as its owner",
        besides(program_of_root),
        INSIDE,
        "test_nothing_inside_runs_as_its_owner",
        shows="/mnt/id",
    ),
    "devices": Removal(
        "no device of the host's",
        wall(Devices=[{"PathOnHost": "/dev/null", "PathInContainer": "/dev/sda", "CgroupPermissions": "r"}]),
        INSIDE,
        "test_no_device_but_the_harmless_ones",
        shows="sda",
    ),
    "bring-ins": Removal(
        "what was let in is read-only",
        writable("/bring-ins"),
        BROUGHT,
        "test_a_session_reads_what_was_let_in_and_writes_nothing_there",
        shows="os.mkdir",
    ),
    "end": Removal(
        "a session ends at its time, though neither gate nor portal asks",
        timeless,
        SESSIONS,
        "test_a_session_past_its_end_is_stopped_though_nobody_asks",
        shows="'running'",
    ),
}
