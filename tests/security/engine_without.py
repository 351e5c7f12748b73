"""Take one of the engine's controls away and show which attack then succeeds.

`python -m tests.security.engine_without` (root) runs each attack with its control removed and writes
tests/security/engine-controls.md; an attack that still fails means its test proves nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub import grant
from hub.engine import container, grants, homes, mounts, peers, seccomp, sessions
from hub.grant import Grant

VARIABLE = "ENGINE_WITHOUT"
SUCCEEDS, BROKEN = "ATTACK SUCCEEDS", "TEST BROKEN"
TABLE = Path(__file__).parent / "engine-controls.md"
INSIDE, OUTSIDE = "test_engine_container.py", "test_engine_grants.py"


def wall(name: str, value: Any) -> Callable[[], None]:
    """Return a removal that changes one entry of every HostConfig."""

    def remove() -> None:
        made = container._walls
        container._walls = lambda **limits: {**made(**limits), name: value}

    return remove


def writable(target: str) -> Callable[[], None]:
    """Return a removal that mounts what is below `target` writable."""

    def remove() -> None:
        made = container._bind
        container._bind = lambda source, where, *, read_only: made(  # type: ignore[assignment]
            source, where, read_only=read_only and not where.startswith(target)
        )

    return remove


def replaced(owner: object, name: str, value: object) -> Callable[[], None]:
    """Return a removal that puts something else in a control's place."""
    return lambda: setattr(owner, name, value)


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
    sessions.IN_BYTES, sessions.IN_INODES = 64 << 20, 4096


def unsigned(text: str, key: object) -> Grant:
    """Read a grant without looking at its signature."""
    return grant._parse(grant._decode(text.split(".")[0]))


def any_folder(mount: grant.Mount, places: object) -> container.Body:
    """Mount whatever the grant says."""
    return container._bind(Path(mount.source), mount.target, read_only=True)


@dataclass(frozen=True)
class Removal:
    """A control, how it is removed, and the attack that must succeed then."""

    control: str
    remove: Callable[[], None]
    file: str
    attack: str


REMOVALS = {
    "network": Removal(
        "no network",
        wall("NetworkMode", "bridge"),
        INSIDE,
        "test_a_session_has_no_interface_but_its_own_loopback",
    ),
    "seccomp": Removal(
        "our seccomp profile (Docker's own default in its place)",
        replaced(seccomp, "profile", lambda: (Path(seccomp.__file__).parent / "default.json").read_text()),
        INSIDE,
        "test_no_socket_of_a_family_that_leads_around_the_network or test_the_system_call_is_refused",
    ),
    "capabilities": Removal(
        "capabilities dropped", wall("CapDrop", []), INSIDE, "test_a_session_is_its_user_without_any_power"
    ),
    "privileges": Removal(
        "no new privileges",
        wall("SecurityOpt", [f"seccomp={seccomp.profile()}"]),
        INSIDE,
        "test_a_session_is_its_user_without_any_power",
    ),
    "root": Removal(
        "read-only root", wall("ReadonlyRootfs", False), INSIDE, "test_the_root_cannot_be_written"
    ),
    "data": Removal("data read-only", writable("/data"), INSIDE, "test_data_cannot_be_changed"),
    "out": Removal(
        "out/ read-only", writable("/run/parlatory-out"), INSIDE, "test_the_out_folder_cannot_be_written"
    ),
    "processes": Removal(
        "limit on processes", wall("PidsLimit", None), INSIDE, "test_processes_end_at_their_number"
    ),
    "memory": Removal(
        "limit on memory",
        lambda: (wall("Memory", 0)(), wall("MemorySwap", 0)())[0],
        INSIDE,
        "test_memory_ends_the_session_that_takes_it_and_no_other",
    ),
    "log": Removal(
        "capped log driver",
        wall("LogConfig", {"Type": "json-file", "Config": {}}),
        INSIDE,
        "test_a_flood_of_output_fills_no_disk_and_its_log_is_kept_capped",
    ),
    "tmp": Removal(
        "size of /tmp",
        lambda: (wall("Tmpfs", {"/tmp": "rw,nosuid,nodev"})(), wall("Memory", 0)(), wall("MemorySwap", 0)())[
            0
        ],
        INSIDE,
        "test_what_can_be_written_ends_at_its_size and tmp",
    ),
    "in": Removal(
        "in/ on a small file system of its own",
        roomy_in,
        INSIDE,
        "test_the_socket_folder_runs_out_of_names or (test_what_can_be_written and parlatory-in)",
    ),
    "home": Removal(
        "size of a home", larger_homes, INSIDE, "test_what_can_be_written_ends_at_its_size and researcher"
    ),
    "nosuid": Removal(
        "homes without set-uid programs and devices",
        powerful_homes,
        INSIDE,
        "test_a_home_brings_no_power_to_the_next_session",
    ),
    "callers": Removal(
        "callers told apart by the kernel",
        replaced(peers, "require", lambda uid, verb, callers: "root"),
        OUTSIDE,
        "test_a_caller_whose_work_it_is_not_gets_403",
    ),
    "signature": Removal(
        "the portal's signature",
        replaced(grants, "verify", unsigned),
        OUTSIDE,
        "test_a_grant_of_ones_own_making_is_refused or test_an_altered_grant_is_refused",
    ),
    "once": Removal(
        "a grant is used once",
        replaced(grants, "use", lambda grant, places: None),
        OUTSIDE,
        "test_a_grant_is_not_used_twice_not_even_after_its_session",
    ),
    "sources": Removal(
        "mounts from the datasets' folder only",
        replaced(container, "_data", any_folder),
        OUTSIDE,
        "test_a_signed_bind_of_the_host_is_still_refused",
    ),
    "links": Removal(
        "no links on the way to a mount",
        replaced(mounts, "require_real", lambda source, root: None),
        OUTSIDE,
        "test_a_dataset_that_is_a_link_is_refused",
    ),
}

if os.environ.get(VARIABLE):
    REMOVALS[os.environ[VARIABLE]].remove()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell an attack that succeeded, a denied assertion, from a test that broke for another reason."""
    report = yield
    if call.excinfo is not None:
        succeeds = call.when == "call" and call.excinfo.errisinstance(AssertionError)
        word = SUCCEEDS if succeeds else BROKEN
        sys.stderr.write(f"\n{word} {item.nodeid} {call.excinfo.exconly()[:300]!r}\n")
    return report


def outcomes(name: str) -> tuple[list[str], list[str]]:
    """Return the attacks that succeed without a control, and the tests that broke."""
    removal = REMOVALS[name]
    folder = Path(__file__).parent
    # Uncaptured: what the hook writes must come through.
    options = ["-q", "-s", "--tb=no", "-p", "tests.security.engine_without", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-k", removal.attack, folder / removal.file],
        env={**os.environ, VARIABLE: name},
        cwd=folder.parent.parent,
        capture_output=True,
        text=True,
    )
    lines = ran.stderr.splitlines()
    return ([x for x in lines if x.startswith(SUCCEEDS)], [x for x in lines if x.startswith(BROKEN)])


def main() -> int:
    """Write the table; fail when a removed control lets no attack through."""
    lines = [
        "# What holds a session, and the attack that succeeds without it",
        "",
        "Made by `python -m tests.security.engine_without`; not edited by hand.",
        "",
        "| control | attack | with the control | without it |",
        "|---|---|---|---|",
    ]
    proofless = 0
    for name, removal in REMOVALS.items():
        attacks, broken = outcomes(name)
        count = len(attacks)
        proofless += count == 0 or bool(broken)
        words = f"{count} attack{'s' * (count != 1)} succeed{'s' * (count == 1)}" if count else "still fails"
        if broken:
            words += f"; {len(broken)} tests broke and say nothing: run it again"
        lines.append(f"| {removal.control} | `{removal.attack}` | fails | {words} |")
        sys.stdout.write("\n".join([*broken, lines[-1]]) + "\n")
        sys.stdout.flush()
    TABLE.write_text("\n".join(lines) + "\n")
    return 1 if proofless else 0


if __name__ == "__main__":
    sys.exit(main())
