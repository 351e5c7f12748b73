"""Promises about what is kept: secrets, data, the ledger, Lab's files, room on the disk."""

from __future__ import annotations

import grp
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hub.cli import delegated, programs
from hub.cli.preflight import FREE_TO_RUN, GIB
from hub.doctor.promise import Finding, Promise, kept
from hub.places import DATA_GROUP, USERS, Places

OWNERS = {"data": DATA_GROUP} | {name: USERS[name] for name in ("hub", "gate", "proxy", "opa")}
VERIFY_SECONDS = 120
MEMORY = Path("/proc/meminfo")
# Less than that, and the kernel soon ends what it likes.
FREE_MEMORY_BYTES = 128 * 1024**2


def secrets(places: Places) -> Finding:
    """Read owner, group and mode of every secret."""
    root = places.state / "secrets"
    wrong = []
    for owner, group in OWNERS.items():
        gid = grp.getgrnam(group).gr_gid
        files = sorted((root / owner).iterdir())
        if not files:
            wrong.append(f"{owner} has no secrets")
        for path in (root / owner, *files):
            found = path.stat()
            if found.st_uid != 0 or found.st_gid != gid or found.st_mode & 0o227:
                wrong.append(f"{path} has mode {stat.S_IMODE(found.st_mode):04o}")
    for path in (places.state / "demo-passwords.json", places.run / "supervisor" / "supervisord.conf"):
        if path.exists() and path.stat().st_mode & 0o077:
            wrong.append(f"{path} can be read by others than root")
    return kept(wrong, "each secret is readable by its owner's group alone")


def data_is_fixed(places: Places) -> Finding:
    """Look for a dataset file that anybody may write."""
    files = [path for path in (places.state / "datasets").rglob("*") if path.is_file()]
    wrong = [str(path) for path in files if path.stat().st_mode & 0o222]
    return kept([f"{path} can be written" for path in wrong[:5]], f"{len(files)} files, none can be written")


def ledger(places: Places) -> Finding:
    """Verify every entry, the tree and the checkpoint's signature."""
    return _portal_says(places, delegated.command_line("ledger", ["verify"]))


def _portal_says(places: Places, line: list[str]) -> Finding:
    """Run a command as the portal's user; its status is the finding, its last line the detail."""
    result = subprocess.run(
        line,
        check=False,
        capture_output=True,
        text=True,
        timeout=VERIFY_SECONDS,
        cwd=programs.checkout(places),
        env=programs.environment(places, "portal"),
        umask=0o007,
        **programs.credentials(USERS["portal"]),
    )
    said = (result.stdout + result.stderr).strip().splitlines()
    return Finding(ok=result.returncode == 0, detail=said[-1] if said else "it said nothing")


def releases(places: Places) -> Finding:
    """Hold every release against what is promised of releases."""
    return _portal_says(places, delegated.module("egress_review.promises"))


def ledger_goes_on(places: Places) -> Finding:
    """Hold the published ledger against the highest checkpoint that root saw of it, and keep a newer one."""
    result = subprocess.run(
        delegated.module("hub.backup", "look"),
        check=False,
        capture_output=True,
        text=True,
        timeout=VERIFY_SECONDS,
        cwd=programs.checkout(places),
        env=programs.environment(places, None),
    )
    said = (result.stdout + result.stderr).strip().splitlines()
    return Finding(ok=result.returncode == 0, detail=said[-1] if said else "it said nothing")


def lab_files(places: Places) -> Finding:
    """Look for the copy of Lab's own files that the gate serves."""
    copies = [path for path in (places.state / "labfiles").iterdir() if path.is_dir()]
    full = [copy for copy in copies if next(_scripts(copy), None)]
    return Finding(ok=bool(full), detail=f"{len(full)} of {len(copies)} copies hold Lab's scripts")


def _scripts(copy: Path) -> Iterator[Path]:
    return copy.rglob("*.js")


def room(places: Places) -> Finding:
    """Ask the file system how much room is left."""
    free = shutil.disk_usage(places.state).free
    return Finding(ok=free >= FREE_TO_RUN * GIB, detail=f"{free / GIB:.1f} GiB are free at {places.state}")


def memory(places: Places) -> Finding:
    """Ask the kernel how much memory can still be given."""
    lines = MEMORY.read_text(encoding="ascii").splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    return Finding(ok=free >= FREE_MEMORY_BYTES, detail=f"{free / GIB:.1f} GiB can still be given")


def clock(places: Places) -> Finding:
    """Hold this machine's clock against the ledger's newest entry."""
    return _portal_says(places, delegated.command_line("ledger", ["clock"]))


PROMISES = (
    Promise(
        "Secrets are readable by those who need them only",
        "owner, group and mode of each are read",
        "`python3 -m hub down`, then `up`: it sets them again; then find out who changed them",
        secrets,
    ),
    Promise(
        "Registered data cannot be changed",
        "the mode of every dataset file is read",
        "`chmod a-w` the files named, then compare them with the version's manifest",
        data_is_fixed,
    ),
    Promise(
        "The ledger verifies",
        "`python3 -m hub ledger verify` is run",
        "keep a copy of the state folder and compare the ledger with an earlier checkpoint",
        ledger,
    ),
    Promise(
        "What left was screened, approved by all whom its project asked for, two at least, and is unchanged",
        "the newest 200 releases are held against their reviews, and their files against their hashes",
        "stop downloads (`python3 -m hub down`), keep a copy of the state, read the ledger on it",
        releases,
    ),
    Promise(
        "The ledger continues what was seen of it",
        "its checkpoint is held against the highest one kept outside the state",
        "the ledger was cut or written anew: stop the enclave, copy its state, look for who did it",
        ledger_goes_on,
    ),
    Promise(
        "The gate has Lab's own files",
        "the copy taken when the image was built is looked for",
        "`python3 -m hub down`, then `up`: it takes the copy again",
        lab_files,
    ),
    Promise("There is room on the disk", "the file system is asked", "make room at the state folder", room),
    Promise(
        "There is memory left, so that what is asked is done and not refused",
        "the kernel is asked",
        "end sessions that nobody needs; give projects less, or the machine more",
        memory,
        at_once=True,
    ),
    Promise(
        "The clock was not set back: what has ended does not become valid again",
        "`python3 -m hub ledger clock` is run",
        "set the clock right; if it was wrong before, `python3 -m hub ledger clock --accept`",
        clock,
    ),
)
