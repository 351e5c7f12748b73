"""What a container may be: a pure function from a grant to the body that Docker is asked to create."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hub.engine import seccomp
from hub.grant import Grant, Mount
from hub.places import Places

Body = dict[str, Any]

MIB = 1 << 20
GIB = 1 << 30
ID = re.compile(r"[0-9a-z]{26}")
SERVER = re.compile(r"[a-z0-9-]{1,30}")
IMAGE = re.compile(r"parlatory/workspace(?:-[a-z0-9]{1,30})?:[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
SCREENER = re.compile(r"parlatory/screener:[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# One folder name: no separators, no braces, no leading dot.
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

LOWEST_UID = 200_001
HIGHEST_UID = 2**31 - 1
SCREENER_UID = 199_999
MOST_GPUS = 16
HOME = "/home/researcher"
LABEL_ENCLAVE = "parlatory.enclave"
LABEL_SESSION = "parlatory.session"
LABEL_SCREENING = "parlatory.screening"
LABEL_WORKSPACE = "parlatory.workspace"
LABEL_GPUS = "parlatory.gpus"
LABEL_ENDS_AT = "parlatory.ends_at"
STOP_SECONDS = 2
LOG_BYTES = MIB
# The screener looks through two files side by side, each in at most 1.5 GiB.
SCREENER_MEMORY_BYTES = 4 * GIB
SCREENER_PIDS = 64
SCREENER_CPUS = 2.0


class Unfit(Exception):
    """A grant asks for a container that no session may be; the message says what is wrong with it."""


def spec(grant: Grant, places: Places, *, host_cpus: int = 256, gpus: Sequence[str] = ()) -> Body:
    """Return the one body by which a grant's container is created; a grant that asks for more is refused.

    `gpus` are the numbers of the GPUs that it gets, as many as it was granted.
    """
    _check_names(grant)
    _check_limits(grant)
    if grant.gpus != len(set(gpus)):
        raise Unfit(f"grant {grant.id} is for {grant.gpus} GPUs, and the machine can give {len(gpus)}")
    mounts = _mounts(grant, places)
    labels = {
        LABEL_ENCLAVE: places.enclave,
        LABEL_SESSION: grant.session,
        LABEL_WORKSPACE: grant.workspace,
        LABEL_ENDS_AT: grant.ends_at.isoformat(),
    }
    devices = {}
    if gpus:
        labels[LABEL_GPUS] = ",".join(gpus)
        devices["DeviceRequests"] = [_gpus(gpus)]
    return {
        **_process(grant.image, grant.uid, labels, hostname="session"),
        "Env": [f"PARLATORY_BASE_URL=/user/{grant.person}/{grant.server}/"],
        "WorkingDir": HOME,
        "HostConfig": {
            **_walls(memory_bytes=grant.memory_bytes, cpus=min(grant.cpus, host_cpus), pids=grant.pids),
            "Mounts": mounts,
            **devices,
        },
    }


def _mounts(grant: Grant, places: Places) -> list[Body]:
    folder = places.session(grant.session)
    mounts = [
        *(_data(mount, places) for mount in grant.mounts),
        _bind(places.run / "homes" / grant.workspace, HOME, read_only=False),
        _bind(folder / "in", "/run/parlatory-in", read_only=False),
        _bind(folder / "out", "/run/parlatory-out", read_only=True),
        # A mount of the engine's own below, so that nobody else chooses what Docker finds there.
        _bind(folder / "bring-ins", "/bring-ins", read_only=True),
    ]
    targets = [mount["Target"] for mount in mounts]
    if len(set(targets)) != len(targets):
        raise Unfit(f"grant {grant.id} mounts two things at one place")
    return mounts


def screening_spec(
    screening: str, image: str, places: Places, *, indexes: int = 0, host_cpus: int = 256
) -> Body:
    """Return the body by which one submission is screened: files and leak indexes in, its verdict out."""
    if not _is(ID, screening):
        raise Unfit(f"{_short(screening)} is not the id of a screening")
    if not _is(SCREENER, image):
        raise Unfit(f"{_short(image)} is not a screener image of this enclave")
    folder = places.run / "screenings" / screening
    labels = {LABEL_ENCLAVE: places.enclave, LABEL_SCREENING: screening}
    return {
        **_process(image, SCREENER_UID, labels, hostname="screening"),
        "Env": [],
        "WorkingDir": "/tmp",  # noqa: S108 -- the container's own tmpfs
        "HostConfig": {
            **_walls(
                memory_bytes=SCREENER_MEMORY_BYTES, cpus=min(SCREENER_CPUS, host_cpus), pids=SCREENER_PIDS
            ),
            "Mounts": [
                _bind(folder / "in", "/in", read_only=True),
                _bind(folder / "out", "/out", read_only=False),
                *(
                    _bind(folder / "index" / str(number), f"/index/{number}", read_only=True)
                    for number in range(indexes)
                ),
            ],
        },
    }


def index_folder(dataset: object, version: object, places: Places) -> Path:
    """Return where the leak index of a dataset version lies; names that could lead elsewhere are refused."""
    for part in (dataset, version):
        if not _is(PART, part):
            raise Unfit(f"{_short(part)} is not a name a dataset or version can have")
    return places.state / "indexes" / str(dataset) / str(version)


def session_name(places: Places, session: str) -> str:
    """Return a session's container name: Docker itself refuses a second one."""
    return f"{places.enclave}-session-{session}"


def screening_name(places: Places, screening: str) -> str:
    """Return a screening's container name."""
    return f"{places.enclave}-screening-{screening}"


def _process(image: str, uid: int, labels: dict[str, str], *, hostname: str) -> Body:
    return {
        "Image": image,
        "Hostname": hostname,
        "User": f"{uid}:{uid}",
        "Labels": labels,
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "OpenStdin": False,
        "Tty": False,
        "StopSignal": "SIGTERM",
        "StopTimeout": STOP_SECONDS,
        "Healthcheck": {"Test": ["NONE"]},
    }


def _walls(*, memory_bytes: int, cpus: float, pids: int) -> Body:
    """Return the part of a HostConfig that is the same for whatever runs untrusted code."""
    return {
        "NetworkMode": "none",
        # Docker would copy the host's name servers in, even where nothing can reach them.
        "Dns": ["127.0.0.1"],
        "DnsSearch": ["."],
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapAdd": [],
        "CapDrop": ["ALL"],
        "GroupAdd": [],
        "Devices": [],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={seccomp.profile()}"],
        "IpcMode": "private",
        "PidMode": "",
        "UTSMode": "",
        "UsernsMode": "",
        "CgroupnsMode": "private",
        "Memory": memory_bytes,
        # Equal to Memory: no swap, which would be a copy of data on the host's disk.
        "MemorySwap": memory_bytes,
        "NanoCpus": int(cpus * 1_000_000_000),
        "PidsLimit": pids,
        # The kernel ends a session before anything of the host's.
        "OomScoreAdj": 500,
        "OomKillDisable": False,
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": 4096, "Hard": 8192},
            {"Name": "memlock", "Soft": 8 * MIB, "Hard": 8 * MIB},
        ],
        "Tmpfs": {"/tmp": _tmpfs(min(GIB, memory_bytes // 2))},  # noqa: S108 -- the container's own
        "ShmSize": min(256 * MIB, memory_bytes // 4),
        # The driver's own cap: a session that floods its output fills no disk.
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": False,
        "Init": False,
    }


def _gpus(numbers: Sequence[str]) -> Body:
    """Return the request for these GPUs: to compute on, without display or graphics."""
    return {
        "Driver": "nvidia",
        "DeviceIDs": list(numbers),
        "Capabilities": [["gpu", "compute", "utility"]],
    }


def _tmpfs(size_bytes: int) -> str:
    # Executable, for compilers and just-in-time kernels; what it executes is as caged as the rest.
    return f"rw,exec,nosuid,nodev,mode=1777,size={size_bytes},nr_inodes=65536"


def _data(mount: Mount, places: Places) -> Body:
    root = places.state / "datasets"
    for part in (mount.dataset, mount.version):
        if not _is(PART, part):
            raise Unfit(f"{_short(part)} is not a name a dataset or version can have")
    # Compared as text: no "..", no doubled or trailing slash, no braces can be in an equal string.
    if mount.source != f"{root}/{mount.dataset}/{mount.version}":
        raise Unfit(f"{_short(mount.source)} is not where {mount.dataset} {mount.version} lies")
    if mount.target != f"/data/{mount.dataset}/{mount.version}":
        raise Unfit(f"{_short(mount.target)} is not where {mount.dataset} {mount.version} is shown")
    return _bind(Path(mount.source), mount.target, read_only=True)


def _bind(source: Path, target: str, *, read_only: bool) -> Body:
    return {
        "Type": "bind",
        "Source": str(source),
        "Target": target,
        "ReadOnly": read_only,
        # NonRecursive: a mount below the source would come along writable on engines before 25.
        "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
    }


def _check_names(grant: Grant) -> None:
    for what, value in (
        ("grant", grant.id),
        ("session", grant.session),
        ("person", grant.person),
        ("workspace", grant.workspace),
    ):
        if not _is(ID, value):
            raise Unfit(f"{_short(value)} is not the id of a {what}")
    if not _is(SERVER, grant.server):
        raise Unfit(f"{_short(grant.server)} is not a server's name: 1 to 30 of a-z, 0-9 and -")
    if not _is(SERVER, grant.project):
        raise Unfit(f"{_short(grant.project)} is not a project's short name: 1 to 30 of a-z, 0-9 and -")
    if not _is(IMAGE, grant.image):
        raise Unfit(f"{_short(grant.image)} is not a workspace image of this enclave")


def _is(pattern: re.Pattern[str], value: object) -> bool:
    # A signed document may still hold a number where a name belongs.
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _short(value: object) -> str:
    return repr(str(value)[:200])


def _check_limits(grant: Grant) -> None:
    for what, value, low, high in (
        ("user id", grant.uid, LOWEST_UID, HIGHEST_UID),
        ("memory in bytes", grant.memory_bytes, 64 * MIB, 1024 * GIB),
        ("number of CPUs", grant.cpus, 0.1, 256),
        ("number of processes", grant.pids, 16, 32_768),
        ("number of GPUs", grant.gpus, 0, MOST_GPUS),
        ("home in bytes", grant.home_bytes, 8 * MIB, 16 * 1024 * GIB),
    ):
        # Written so that NaN is refused too.
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Unfit(f"grant {grant.id}: {what} is {value!r}; it must be from {low} to {high}")
        if what != "number of CPUs" and not isinstance(value, int):
            raise Unfit(f"grant {grant.id}: {what} is {value!r}; it must be a whole number")
    if grant.ends_at.tzinfo is None:
        raise Unfit(f"grant {grant.id} has an end without a time zone")
