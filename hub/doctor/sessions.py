"""Promises about running sessions, read from what Docker says of each container."""

from __future__ import annotations

from typing import Any

from hub.cli import docker_engine
from hub.doctor.promise import Finding, Promise, kept
from hub.places import Places

WRITABLE = ("/home/researcher", "/run/parlatory-in")
FIX = "end the session from the portal, keep its log, and report it: the engine never makes such a container"


def _each(places: Places) -> list[dict[str, Any]]:
    # One that says nothing has no containers either, and that would break no promise.
    if not docker_engine.answers():
        raise OSError("Docker's engine does not answer")
    found = [docker_engine.inspect(container["Id"]) for container in docker_engine.containers(places.enclave)]
    return [container for container in found if container]


def _name(container: dict[str, Any]) -> str:
    return str(container["Name"]).lstrip("/")


def no_network(places: Places) -> Finding:
    """Look at the network of each container."""
    containers = _each(places)
    wrong = [
        f"{_name(container)} has network {container['HostConfig']['NetworkMode']}"
        for container in containers
        if container["HostConfig"]["NetworkMode"] != "none"
        or set(container["NetworkSettings"]["Networks"] or {}) - {"none"}
    ]
    return kept(wrong, f"{len(containers)} containers, none has a network")


def confined(places: Places) -> Finding:
    """Look at user, capabilities, privileges and root file system of each container."""
    containers = _each(places)
    wrong = [f"{_name(container)}: {lack}" for container in containers for lack in lacks(container)]
    return kept(wrong, f"{len(containers)} containers, all confined")


def lacks(container: dict[str, Any]) -> list[str]:
    """Return what a container has that a session must not have, or lacks that it must."""
    host = container["HostConfig"]
    user = str(container["Config"]["User"]).split(":")[0]
    dropped = {str(name).upper() for name in host["CapDrop"] or []}
    security = [str(option) for option in host["SecurityOpt"] or []]
    tests = {
        "runs as root or an unnamed user": not user.isdigit() or int(user) == 0,
        "is privileged": host["Privileged"],
        "keeps capabilities": "ALL" not in dropped or bool(host["CapAdd"]),
        "may gain privileges": not any(option.startswith("no-new-privileges") for option in security),
        "has no seccomp filter": "seccomp=unconfined" in security,
        "may write its root file system": not host["ReadonlyRootfs"],
        "has no memory limit": not host["Memory"],
        "has no limit on processes": not host["PidsLimit"] or host["PidsLimit"] < 0,
        "has host devices": bool(host["Devices"]),
        "shares the host's processes": host["PidMode"] == "host",
        "shares the host's IPC": host["IpcMode"] == "host",
    }
    return [lack for lack, found in tests.items() if found]


def mounts(places: Places) -> Finding:
    """Look at each mount: data read-only, only the session's own folders writable, no Docker inside."""
    containers = _each(places)
    wrong = []
    for container in containers:
        for mount in container["Mounts"]:
            source, target = str(mount.get("Source", "")), str(mount["Destination"])
            if (
                mount["RW"]
                and target not in WRITABLE
                and mount["Type"] != "tmpfs"
                and not _screens(places, source)
            ):
                wrong.append(f"{_name(container)} may write {target}")
            if source in ("/", "/var/run/docker.sock", "/run/docker.sock") or source.startswith("/etc"):
                wrong.append(f"{_name(container)} sees {source}")
    return kept(wrong, f"{len(containers)} containers, data read-only in all")


def _screens(places: Places, source: str) -> bool:
    # A screener writes its verdict into a small tmpfs of its own.
    return source.startswith(f"{places.run}/screenings/")


PROMISES = (
    Promise("No session has a network", "Docker is asked about each container", FIX, no_network),
    Promise(
        "Each session is confined: own user, no capabilities, read-only root, limits",
        "Docker is asked about each container",
        FIX,
        confined,
    ),
    Promise("Sessions see data read-only", "each container's mounts are read", FIX, mounts),
)
