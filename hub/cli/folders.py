"""The state and run folders: who owns each and who may enter, and a checkout that every user can reach."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from hub.cli.running import Step, StepFailed, output
from hub.places import DATA_GROUP, USERS, Places


@dataclass(frozen=True)
class Folder:
    """A folder with its owner, group and mode."""

    path: str
    mode: int
    owner: str = "root"
    group: str = "root"


HUB, PORTAL, OPA, WORKER = USERS["hub"], USERS["portal"], USERS["opa"], USERS["worker"]
DOOR = USERS["door"]
STATE = (
    Folder(".", 0o755),
    Folder("log", 0o750),
    Folder("db", 0o2770, group=DATA_GROUP),
    Folder("vault", 0o2770, group=DATA_GROUP),
    # Tiles are public: anyone on this machine may verify them.
    Folder("ledger", 0o2775, group=DATA_GROUP),
    Folder("static", 0o2755, owner=PORTAL, group=DATA_GROUP),
    # The worker alone writes there: it copies what a steward registers. Others of the group read.
    Folder("datasets", 0o2750, owner=WORKER, group=DATA_GROUP),
    # The operator puts folders there; the portal lists them, the worker examines and copies them.
    Folder("intake", 0o2750, group=DATA_GROUP),
    # What a leak index tells is data: kept beside the data, read by who may read that.
    Folder("indexes", 0o2770, group=DATA_GROUP),
    # What a checker let in; the portal puts it there, the worker looks after it, sessions read it.
    Folder("bring-ins", 0o2770, group=DATA_GROUP),
    # How the promises stood at the last look; the portal reads it.
    Folder("doctor", 0o750, group=DATA_GROUP),
    Folder("homes", 0o700),
    Folder("labfiles", 0o755),
    Folder("images", 0o755),
    Folder("hub", 0o700, owner=HUB, group=HUB),
    Folder("opa", 0o755),
    Folder("sessions", 0o2750, group=DATA_GROUP),
    Folder("secrets", 0o755),
    Folder("keys", 0o755),
    # What a process writes for a moment is nobody else's, as it would be in /tmp of the machine.
    Folder("tmp", 0o755),
    *(Folder(f"tmp/{name}", 0o700, owner=user, group=user) for name, user in USERS.items()),
)
# Two, so that an upgrade can show its checkout while the one before is in use.
SHOWN = ("checkout", "checkout-2")
RUN = (
    Folder(".", 0o755),
    Folder("supervisor", 0o700),
    Folder("engine", 0o755),
    Folder("portal", 0o755, owner=PORTAL, group=PORTAL),
    # What runs in the worker, and what fell; anybody on this machine may read it.
    Folder("worker", 0o755, owner=WORKER, group=WORKER),
    Folder("door", 0o755, owner=DOOR, group=DOOR),
    # Others may pass through to a session they know the name of, never list them.
    Folder("sessions", 0o711),
    Folder("screenings", 0o711),
    Folder("homes", 0o700),
    # What portal, door and worker have counted; the portal adds it up.
    Folder("metrics", 0o2770, group=DATA_GROUP),
)


def ensure(places: Places, step: Step) -> None:
    """Make the folders that are missing and set owner and mode of all of them."""
    places.tools.mkdir(parents=True, exist_ok=True)
    for root, folders in ((places.state, STATE), (places.run, RUN)):
        for folder in folders:
            _ensure(root / folder.path, folder)
    _ensure_versions_can_be_added(places.state / "datasets")
    _ensure_reachable_checkout(places, step)


def _ensure(path: Path, folder: Folder) -> None:
    path.mkdir(parents=True, exist_ok=True)
    owner, group = pwd.getpwnam(folder.owner).pw_uid, grp.getgrnam(folder.group).gr_gid
    found = path.stat()
    if (found.st_uid, found.st_gid) != (owner, group):
        os.chown(path, owner, group)
    if stat.S_IMODE(found.st_mode) != folder.mode:
        path.chmod(folder.mode)


def _ensure_versions_can_be_added(datasets: Path) -> None:
    """Give each dataset's folder to the worker; the versions in it stay whose they are."""
    owner, group = pwd.getpwnam(WORKER).pw_uid, grp.getgrnam(DATA_GROUP).gr_gid
    for folder in datasets.iterdir():
        if stat.S_ISDIR(folder.lstat().st_mode):
            os.chown(folder, owner, group, follow_symlinks=False)


def shown(places: Places) -> Path | None:
    """Return where a checkout behind closed folders is shown to every user, if it is."""
    points = (places.run / name for name in SHOWN)
    return next((one for one in points if is_mounted(one) and one.samefile(places.checkout)), None)


def closed_to_others(path: Path) -> Path | None:
    """Return the first folder on the way to a path that other users cannot enter."""
    for folder in reversed([path, *path.parents]):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def is_mounted(path: Path) -> bool:
    """Say whether something is mounted exactly here."""
    return str(path) in mounts_under(path)


def mounts_under(path: Path) -> list[str]:
    """Return the mount points at or below a path, the deepest first."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = [line.split()[4].replace("\\040", " ") for line in lines]
    inside = [point for point in points if point == str(path) or point.startswith(f"{path}/")]
    return sorted(inside, key=len, reverse=True)


def _free(places: Places) -> Path:
    """Return where a checkout can be shown that is shown nowhere yet."""
    points = [places.run / name for name in SHOWN]
    for one in points:
        if not is_mounted(one):
            return one
    raise StepFailed(
        f"other checkouts are in use at {points[0]} and {points[1]}",
        fix="end what still stands in them, such as a shell, then ask again",
    )


def _ensure_reachable_checkout(places: Places, step: Step) -> None:
    closed = closed_to_others(places.checkout)
    target = shown(places)
    for name in SHOWN:
        other = places.run / name
        if closed is None or other != target:
            # What an enclave that is being upgraded still runs from is busy, and stays until it is stopped.
            output(["umount", other])
            if other.exists() and not is_mounted(other):
                other.rmdir()
    if closed is None:
        return
    if target is None:
        target = _free(places)
        target.mkdir(exist_ok=True)
        step.say(f"other users cannot enter {closed}: showing the checkout to them at {target}")
        step.run(
            ["mount", "--bind", places.checkout, target],
            fix=f"move the checkout to a folder that all users can enter, or run `chmod o+x {closed}`",
        )
