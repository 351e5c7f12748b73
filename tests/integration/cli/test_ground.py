"""Folders, secrets and a checkout behind closed doors, on the real file system with the real users."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli import folders, preflight, prepare, programs, reset
from hub.cli.running import Step
from hub.doctor import processes, storage
from hub.places import USERS, Places


def modes(places: Places) -> dict[str, tuple[int, int, int, str]]:
    found = {}
    for path in sorted((places.state / "secrets").rglob("*")):
        status = path.stat()
        text = path.read_text() if path.is_file() else ""
        found[str(path)] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, text)
    return found


def test_making_secrets_twice_changes_nothing(prepared: Places, step: Step) -> None:
    before = modes(prepared)
    prepare.secrets(prepared, step)
    assert modes(prepared) == before
    assert step.note == "made 0 secrets"


def test_a_shared_secret_is_the_same_for_each_who_holds_it(prepared: Places) -> None:
    assert prepared.secret("data", "opa") == prepared.secret("opa", "opa")
    assert prepared.secret("hub", "gate-hub") == prepared.secret("gate", "gate-hub")
    assert prepared.secret("hub", "proxy") != prepared.secret("hub", "cookie")


def test_the_gates_user_reads_its_own_secrets_and_no_others(prepared: Places) -> None:
    def reads(path: Path) -> bool:
        line = ["/usr/bin/cat", str(path)]
        gate = programs.credentials(USERS["gate"])
        return subprocess.run(line, capture_output=True, **gate).returncode == 0

    root = prepared.state / "secrets"
    assert reads(root / "gate" / "gate-portal")
    for closed in ("data/grant.key", "hub/gate-hub", "opa/opa", "proxy/proxy"):
        assert not reads(root / closed), closed


def test_what_a_process_writes_for_a_moment_is_nobody_elses(prepared: Places) -> None:
    def run(who: str, *line: str) -> subprocess.CompletedProcess[str]:
        own = {"env": programs.environment(prepared, who), **programs.credentials(USERS[who])}
        return subprocess.run(line, capture_output=True, text=True, **own)

    # Left open to all, as a library might leave it.
    write = "import os, tempfile; file, path = tempfile.mkstemp(); os.fchmod(file, 0o644); print(path)"
    path = run("portal", "/usr/bin/python3", "-I", "-c", write).stdout.strip()
    assert run("portal", "/usr/bin/cat", path).returncode == 0
    assert run("hub", "/usr/bin/cat", path).returncode != 0, f"the hub reads {path}"


def test_the_doctor_sees_a_secret_opened_to_others(prepared: Places) -> None:
    assert storage.secrets(prepared).ok
    (prepared.state / "secrets/data/grant.key").chmod(0o444)
    finding = storage.secrets(prepared)
    assert not finding.ok
    assert "grant.key has mode 0444" in finding.detail


def test_the_doctor_sees_data_that_can_be_written(prepared: Places) -> None:
    file = prepared.state / "datasets" / "a" / "1" / "recordings" / "x.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"speech")
    file.chmod(0o444)
    assert storage.data_is_fixed(prepared).ok
    file.chmod(0o644)
    assert not storage.data_is_fixed(prepared).ok


def test_wrong_modes_are_set_right_again(prepared: Places, step: Step) -> None:
    (prepared.state / "vault").chmod(0o777)
    folders.ensure(prepared, step)
    assert stat.S_IMODE((prepared.state / "vault").stat().st_mode) == 0o2770


def test_a_checkout_behind_a_closed_folder_is_shown_to_the_processes(places: Places, step: Step) -> None:
    closed = places.state.parent / "closed"
    (closed / "checkout" / "hub").mkdir(parents=True)
    (closed / "checkout" / "hub" / "seen.py").write_text("")
    closed.chmod(0o700)
    hidden = replace(places, checkout=closed / "checkout")
    folders.ensure(hidden, step)
    shown = programs.checkout(hidden)
    assert shown == places.run / "checkout"
    gate = programs.credentials(USERS["gate"])
    line = ["/usr/bin/test", "-r", str(shown / "hub" / "seen.py")]
    assert subprocess.run(line, **gate).returncode == 0
    # Opened again, the detour goes away.
    closed.chmod(0o755)
    folders.ensure(hidden, step)
    assert programs.checkout(hidden) == closed / "checkout"


def test_reset_stops_at_a_mounted_checkout(places: Places, step: Step) -> None:
    precious = places.state.parent / "precious"
    precious.mkdir()
    (precious / "work").write_text("years of it")
    (places.run / "checkout").mkdir(parents=True)
    step.run(["mount", "--bind", precious, places.run / "checkout"])
    with pytest.raises(reset.StepFailed, match="still mounted"):
        reset.remove_state(places, images=False)
    assert (precious / "work").read_text() == "years of it"


def test_a_taken_port_is_named_with_its_holder(places: Places) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", places.port("gate")))
        taken.listen()
        sentence = preflight.ports_taken(places)
    assert f"{places.port('gate')} (gate; held by " in sentence
    assert f"pid {os.getpid()}" in sentence
    assert preflight.ports_taken(places) == ""


def test_no_enclave_user_reaches_docker(places: Places) -> None:
    finding = processes.docker_is_roots(places)
    assert finding.ok, finding.detail


def test_tools_survive_a_reset_when_they_lie_in_the_state(places: Places) -> None:
    inside = replace(places, tools=places.state / "tools")
    shutil.copytree(Path(__file__).parent, inside.tools / "bin")
    (inside.state / "vault").mkdir()
    reset.remove_state(inside, images=False)
    assert [path.name for path in inside.state.iterdir()] == ["tools"]
