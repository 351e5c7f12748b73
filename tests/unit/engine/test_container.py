"""The body of a container: each wall of a session, and every grant that asks for less of one."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine import container, seccomp
from hub.grant import Grant, Mount
from hub.places import Places

PLACES = Places(
    checkout=Path("/checkout"), state=Path("/state"), run=Path("/run/p"), tools=Path("/tools"),
    base_port=8000, enclave="parlatory-unit",
)  # fmt: skip
SESSION, PERSON, WORKSPACE = "s" * 26, "p" * 26, "w" * 26
MOUNT = Mount("talk", "2026.1", "/state/datasets/talk/2026.1", "/data/talk/2026.1")
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
GRANT = Grant(
    id="g" * 26, session=SESSION, person=PERSON, project="a", workspace=WORKSPACE, server="talk-1",
    uid=200_042, image="parlatory/workspace:0123abcd", mounts=(MOUNT,), home_bytes=1 << 30,
    memory_bytes=1 << 30, cpus=1.5, pids=200, issued_at=AT, start_before=AT + timedelta(minutes=1),
    ends_at=AT + timedelta(hours=8), decision="d" * 26,
)  # fmt: skip
SCREENING = container.screening_spec("c" * 26, "parlatory/screener:0123abcd", PLACES, indexes=2)

WALLS: dict[str, Any] = {
    "NetworkMode": "none",
    "ReadonlyRootfs": True,
    "Privileged": False,
    "CapAdd": [],
    "CapDrop": ["ALL"],
    "GroupAdd": [],
    "Devices": [],
    "IpcMode": "private",
    "PidMode": "",
    "UTSMode": "",
    "UsernsMode": "",
    "CgroupnsMode": "private",
    "OomScoreAdj": 500,
    "OomKillDisable": False,
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "Dns": ["127.0.0.1"],
}


def body(**changes: Any) -> container.Body:
    return container.spec(replace(GRANT, **changes), PLACES)


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("made", [body(), SCREENING], ids=["session", "screening"])
def test_each_wall_stands(made: container.Body, wall: str) -> None:
    assert made["HostConfig"][wall] == WALLS[wall]


@pytest.mark.parametrize("made", [body(), SCREENING], ids=["session", "screening"])
def test_nothing_unmasks_proc_or_names_a_runtime(made: container.Body) -> None:
    absent = {"MaskedPaths", "ReadonlyPaths", "Binds", "VolumesFrom", "Sysctls", "Runtime", "DeviceRequests"}
    assert not absent & set(made["HostConfig"])
    assert not {"Volumes", "ExposedPorts", "Cmd", "Entrypoint"} & set(made)


@pytest.mark.parametrize("made", [body(), SCREENING], ids=["session", "screening"])
def test_no_new_privileges_and_our_own_system_calls(made: container.Body) -> None:
    assert made["HostConfig"]["SecurityOpt"] == [
        "no-new-privileges:true",
        f"seccomp={seccomp.profile()}",
    ]


def test_limits_are_the_grants() -> None:
    limits = body()["HostConfig"]
    assert limits["Memory"] == limits["MemorySwap"] == 1 << 30
    assert limits["NanoCpus"] == 1_500_000_000
    assert limits["PidsLimit"] == 200
    assert {limit["Name"]: limit["Hard"] for limit in limits["Ulimits"]}["core"] == 0


def test_no_more_cpus_than_the_machine_has() -> None:
    made = container.spec(replace(GRANT, cpus=64.0), PLACES, host_cpus=2)
    assert made["HostConfig"]["NanoCpus"] == 2_000_000_000
    alone = container.screening_spec("c" * 26, "parlatory/screener:0123abcd", PLACES, host_cpus=1)
    assert alone["HostConfig"]["NanoCpus"] == 1_000_000_000


@pytest.mark.parametrize("path", ["/tmp"])
def test_memory_file_systems_are_sized_and_carry_no_devices(path: str) -> None:
    options = body()["HostConfig"]["Tmpfs"][path].split(",")
    assert {"nosuid", "nodev", f"size={1 << 29}", "nr_inodes=65536"} <= set(options)
    assert body()["HostConfig"]["ShmSize"] == 256 << 20


def test_a_session_runs_as_its_workspaces_user() -> None:
    assert body()["User"] == "200042:200042"
    assert SCREENING["User"] == "199999:199999"


def test_a_session_is_told_its_address_and_nothing_else() -> None:
    assert body()["Env"] == [f"PARLATORY_BASE_URL=/user/{PERSON}/talk-1/"]
    assert SCREENING["Env"] == []


def test_mounts_are_data_home_two_socket_folders_and_what_was_let_in() -> None:
    seen = [(m["Source"], m["Target"], m["ReadOnly"]) for m in body()["HostConfig"]["Mounts"]]
    assert seen == [
        ("/state/datasets/talk/2026.1", "/data/talk/2026.1", True),
        (f"/run/p/homes/{WORKSPACE}", "/home/researcher", False),
        (f"/run/p/sessions/{SESSION}/in", "/run/parlatory-in", False),
        (f"/run/p/sessions/{SESSION}/out", "/run/parlatory-out", True),
        (f"/run/p/sessions/{SESSION}/bring-ins", "/bring-ins", True),
    ]


@pytest.mark.parametrize("made", [body(), SCREENING], ids=["session", "screening"])
def test_every_mount_is_a_private_bind_without_what_is_mounted_below(made: container.Body) -> None:
    for mount in made["HostConfig"]["Mounts"]:
        assert mount["Type"] == "bind"
        assert mount["BindOptions"] == {"Propagation": "rprivate", "NonRecursive": True}


def test_labels_name_enclave_session_home_and_end() -> None:
    assert body()["Labels"] == {
        "parlatory.enclave": "parlatory-unit",
        "parlatory.session": SESSION,
        "parlatory.workspace": WORKSPACE,
        "parlatory.ends_at": "2026-11-23T12:00:00+00:00",
    }


@pytest.mark.parametrize(
    "source",
    [
        "/", "/etc", "/state", "/state/datasets", "/state/datasets/", "/state/datasets/talk",
        "/state/datasets/other/2026.1", "/state/datasets/talk/2026.1/..", "/state/datasets/../secrets",
        "/state/datasets/talk/../talk/2026.1", "/state/datasets//talk/2026.1", "datasets/talk/2026.1",
        "/state/datasets/talk/{x}", "/state/datasets/talk/2026.1/", "/state/datasets/talk/2026.1\0", "",
        "/var/run/docker.sock", 7, None,
    ],
)  # fmt: skip
def test_no_other_folder_can_be_mounted(source: Any) -> None:
    with pytest.raises(container.Unfit):
        body(mounts=(replace(MOUNT, source=source),))


@pytest.mark.parametrize(
    "target", ["/", "/data", "/data/talk", "/etc/passwd", "/data/talk/../../etc", "/home/researcher", ""]
)
def test_data_is_shown_nowhere_else(target: str) -> None:
    with pytest.raises(container.Unfit):
        body(mounts=(replace(MOUNT, target=target),))


@pytest.mark.parametrize("part", ["", ".", "..", ".hidden", "a/b", "{a}", "a b", "a\n", "x" * 101, 7, None])
def test_dataset_and_version_are_one_plain_folder_name_each(part: Any) -> None:
    for name in ("dataset", "version"):
        mount = replace(MOUNT, **{name: part})
        honest = f"{mount.dataset}/{mount.version}"
        lie = replace(mount, source=f"/state/datasets/{honest}", target=f"/data/{honest}")
        with pytest.raises(container.Unfit):
            body(mounts=(lie,))


def test_one_place_holds_one_mount() -> None:
    with pytest.raises(container.Unfit, match="two things at one place"):
        body(mounts=(MOUNT, MOUNT))


@pytest.mark.parametrize("name", ["id", "session", "person", "workspace"])
@pytest.mark.parametrize(
    "value", ["", "..", "a" * 25, "A" * 26, "a" * 25 + "/", "a" * 26 + "\n", "{" * 26, 3]
)
def test_ids_are_ids(name: str, value: Any) -> None:
    with pytest.raises(container.Unfit, match="is not the id of a"):
        body(**{name: value})


@pytest.mark.parametrize("server", ["", "a/b", "..", "A", "a" * 31, "a b", "{a}", None])
def test_a_servers_name_is_a_slug(server: Any) -> None:
    with pytest.raises(container.Unfit, match="server's name"):
        body(server=server)


@pytest.mark.parametrize(
    "image", ["", "alpine", "parlatory/base:1", "parlatory/workspace", "parlatory/workspace:",
              "evil/parlatory/workspace:1", "parlatory/workspace:1\n", "parlatory/workspace@sha256:0", 7,
              "parlatory/workspace-:1", "parlatory/workspacex:1", "parlatory/workspace-R:1",
              "parlatory/workspace-a-b:1", "parlatory/workspace-a/b:1",
              "parlatory/workspace-" + "a" * 31 + ":1"],
)  # fmt: skip
def test_only_workspace_images_run(image: Any) -> None:
    with pytest.raises(container.Unfit, match="workspace image"):
        body(image=image)


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("uid", 0), ("uid", -1), ("uid", 1000), ("uid", 199_999), ("uid", 200_000), ("uid", 2**31),
        ("uid", True), ("uid", "200042"), ("uid", 200_042.5), ("memory_bytes", 0), ("memory_bytes", -1),
        ("memory_bytes", 1 << 60), ("cpus", 0.0), ("cpus", -1.0), ("cpus", math.nan), ("cpus", math.inf),
        ("pids", 0), ("pids", -1), ("pids", 1 << 20), ("home_bytes", 0), ("home_bytes", -5),
    ],
)  # fmt: skip
def test_limits_cannot_be_lifted(limit: str, value: Any) -> None:
    with pytest.raises(container.Unfit):
        body(**{limit: value})


def test_an_end_without_a_time_zone_is_refused() -> None:
    with pytest.raises(container.Unfit, match="time zone"):
        body(ends_at=datetime(2026, 11, 23))


@settings(database=None)
@given(source=st.text(), dataset=st.text(), version=st.text())
def test_whatever_a_mount_says_it_stays_below_the_datasets(source: str, dataset: str, version: str) -> None:
    mount = Mount(dataset, version, source, f"/data/{dataset}/{version}")
    try:
        made = body(mounts=(mount,))
    except container.Unfit:
        return
    first = Path(made["HostConfig"]["Mounts"][0]["Source"])
    assert first.parent.parent == Path("/state/datasets")
    assert not set("{}") & set(str(first)) and ".." not in first.parts


@settings(database=None)
@given(
    dataset=st.from_regex(container.PART, fullmatch=True),
    version=st.from_regex(container.PART, fullmatch=True),
)
def test_every_plain_name_can_be_mounted(dataset: str, version: str) -> None:
    mount = Mount(dataset, version, f"/state/datasets/{dataset}/{version}", f"/data/{dataset}/{version}")
    assert body(mounts=(mount,))["HostConfig"]["Mounts"][0]["ReadOnly"] is True


@pytest.mark.parametrize("screening", ["", "../" * 8, "A" * 26, "c" * 27])
def test_a_screening_has_an_id(screening: str) -> None:
    with pytest.raises(container.Unfit):
        container.screening_spec(screening, "parlatory/screener:1", PLACES)


def test_a_screening_runs_the_screener_image_only() -> None:
    with pytest.raises(container.Unfit, match="screener image"):
        container.screening_spec("c" * 26, "parlatory/workspace:1", PLACES)


def test_a_screening_reads_its_files_and_writes_its_verdict() -> None:
    seen = [(m["Target"], m["ReadOnly"]) for m in SCREENING["HostConfig"]["Mounts"]]
    assert seen == [("/in", True), ("/out", False), ("/index/0", True), ("/index/1", True)]
    assert SCREENING["HostConfig"]["Memory"] == SCREENING["HostConfig"]["MemorySwap"] == 4 << 30
    assert SCREENING["HostConfig"]["PidsLimit"] == 64


def test_the_profile_allows_no_call_that_looks_across_or_around() -> None:
    profile = json.loads(seccomp.profile())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {n for r in profile["syscalls"] if r["action"] == "SCMP_ACT_ALLOW" for n in r["names"]}
    assert not allowed & seccomp.TAKEN_AWAY
    assert {"read", "openat", "futex", "epoll_wait", "execve"} <= allowed


def test_the_profile_allows_four_families_of_sockets_by_name() -> None:
    rules = [r for r in json.loads(seccomp.profile())["syscalls"] if "socket" in r["names"]]
    assert sorted(r["args"][0]["value"] for r in rules) == [1, 2, 10, 16]
    assert all(r["args"][0]["op"] == "SCMP_CMP_EQ" and r["names"] == ["socket"] for r in rules)


def test_the_profile_allows_no_32_bit_calls() -> None:
    assert all(entry["subArchitectures"] == [] for entry in json.loads(seccomp.profile())["archMap"])


def test_gpus_are_those_that_were_lent_and_as_many_as_were_granted() -> None:
    made = container.spec(replace(GRANT, gpus=2), PLACES, gpus=("0", "3"))
    (asked,) = made["HostConfig"]["DeviceRequests"]
    assert (asked["Driver"], asked["DeviceIDs"]) == ("nvidia", ["0", "3"])
    assert made["Labels"][container.LABEL_GPUS] == "0,3"
    assert {wall: made["HostConfig"][wall] for wall in WALLS} == WALLS


@pytest.mark.parametrize(
    ("granted", "lent"), [(1, ()), (0, ("0",)), (2, ("1", "1")), (17, ("0",)), (-1, ()), (True, ("0",))]
)
def test_a_grant_never_gets_more_or_fewer_gpus_than_it_says(granted: int, lent: tuple[str, ...]) -> None:
    with pytest.raises(container.Unfit):
        container.spec(replace(GRANT, gpus=granted), PLACES, gpus=lent)
