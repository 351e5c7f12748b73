"""The doctor's own honesty: what it cannot check does not hold, and each bad container is seen."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hub import doctor
from hub.cli import docker_engine
from hub.doctor import sessions
from hub.doctor.promise import Finding, Promise
from hub.places import Places

PLACES = Places(
    checkout=Path("/srv/parlatory"),
    state=Path("/nonexistent/state"),
    run=Path("/nonexistent/run"),
    tools=Path("/nonexistent/tools"),
    base_port=31000,
    enclave="parlatory-unit",
)
CONFINED: dict[str, Any] = {
    "Name": "/session",
    "Config": {"User": "200001:200001"},
    "HostConfig": {
        "NetworkMode": "none",
        "Privileged": False,
        "CapDrop": ["ALL"],
        "CapAdd": None,
        "SecurityOpt": ["no-new-privileges:true", "seccomp={}"],
        "ReadonlyRootfs": True,
        "Memory": 1 << 30,
        "PidsLimit": 256,
        "Devices": [],
        "PidMode": "",
        "IpcMode": "private",
    },
    "NetworkSettings": {"Networks": {"none": {}}},
    "Mounts": [
        {"Type": "bind", "Source": "/srv/data/a/1", "Destination": "/data/a/1", "RW": False},
        {"Type": "bind", "Source": "/run/home", "Destination": "/home/researcher", "RW": True},
    ],
}


def breaks(_places: Places) -> Finding:
    raise OSError("nobody answers")


def test_what_cannot_be_checked_does_not_hold() -> None:
    promise = Promise("It answers", "it is asked", "restart it", breaks)
    assert list(doctor.examine([promise], PLACES)) == [
        {
            "name": "breaks",
            "promise": "It answers",
            "ok": False,
            "how": "it is asked",
            "detail": "could not be checked: nobody answers",
            "fix": "restart it",
        }
    ]


def test_a_check_that_takes_too_long_does_not_hold_and_the_others_go_on() -> None:
    def hangs(_places: Places) -> Finding:
        raise subprocess.TimeoutExpired(["verify", "--everything"], 600.0)

    promises = [Promise(f"It {look.__name__}", "it is asked", "restart it", look) for look in (hangs, breaks)]
    assert [(one["ok"], one["detail"]) for one in doctor.examine(promises, PLACES)] == [
        (False, "could not be checked within 600 seconds"),
        (False, "could not be checked: nobody answers"),
    ]


def test_a_promise_that_holds_needs_no_fix() -> None:
    promise = Promise("It answers", "it is asked", "restart it", lambda _: Finding(ok=True, detail="yes"))
    assert [result["fix"] for result in doctor.examine([promise], PLACES)] == [""]


def test_promises_have_names_of_their_own() -> None:
    for names in zip(*((promise.promise, promise.name) for promise in doctor.PROMISES), strict=True):
        assert len(names) == len(set(names))


def test_a_confined_container_lacks_nothing() -> None:
    assert sessions.lacks(CONFINED) == []


@pytest.mark.parametrize(
    ("where", "name", "value", "seen"),
    [
        ("Config", "User", "root", "root"),
        ("Config", "User", "0:0", "root"),
        ("Config", "User", "", "root"),
        ("HostConfig", "Privileged", True, "privileged"),
        ("HostConfig", "CapDrop", ["NET_RAW"], "capabilities"),
        ("HostConfig", "CapAdd", ["SYS_ADMIN"], "capabilities"),
        ("HostConfig", "SecurityOpt", [], "gain privileges"),
        ("HostConfig", "SecurityOpt", ["no-new-privileges:true", "seccomp=unconfined"], "seccomp"),
        ("HostConfig", "ReadonlyRootfs", False, "root file system"),
        ("HostConfig", "Memory", 0, "memory"),
        ("HostConfig", "PidsLimit", None, "processes"),
        ("HostConfig", "Devices", [{"PathOnHost": "/dev/sda"}], "devices"),
        ("HostConfig", "PidMode", "host", "processes"),
        ("HostConfig", "IpcMode", "host", "IPC"),
    ],
)
def test_each_loosened_setting_is_seen(where: str, name: str, value: Any, seen: str) -> None:
    container = copy.deepcopy(CONFINED)
    container[where][name] = value
    assert any(seen in lack for lack in sessions.lacks(container))


def found(container: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "containers", lambda _enclave: [{"Id": "1"}])
    monkeypatch.setattr(docker_engine, "inspect", lambda _id: container)


def test_a_container_with_a_network_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    container = copy.deepcopy(CONFINED)
    container["NetworkSettings"]["Networks"] = {"bridge": {}}
    found(container, monkeypatch)
    assert not sessions.no_network(PLACES).ok


def test_writable_data_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    container = copy.deepcopy(CONFINED)
    found(container, monkeypatch)
    assert sessions.mounts(PLACES).ok
    container["Mounts"][0]["RW"] = True
    assert "may write /data/a/1" in sessions.mounts(PLACES).detail


def test_dockers_socket_inside_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    container = copy.deepcopy(CONFINED)
    container["Mounts"].append(
        {"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/s", "RW": False}
    )
    found(container, monkeypatch)
    assert "sees /var/run/docker.sock" in sessions.mounts(PLACES).detail
