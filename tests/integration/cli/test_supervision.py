"""Real supervisor, real OPA: started as their own users, seen by the doctor, and gone after `down`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.cli import down, preflight, programs, status, supervision
from hub.cli.supervision import Supervisor
from hub.doctor import answers, processes
from hub.places import USERS, Places
from tests.enclave import until

Start = Callable[[list[programs.Program]], Supervisor]


@pytest.fixture
def start(prepared: Places) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def begin(table: list[programs.Program]) -> Supervisor:
        supervisor = Supervisor(prepared)
        started.append(supervisor.start(programs.configuration(prepared, table)))
        until(
            lambda: all(process.state == "RUNNING" for process in supervisor.processes()),
            seconds=15,
            what="every process runs",
        )
        return supervisor

    yield begin
    down.stop(prepared)
    for process in started:
        process.wait(timeout=30)


def sleeper(name: str) -> programs.Program:
    return programs.Program(name, USERS[name], ("/usr/bin/sleep", "300"))


def opa(places: Places) -> programs.Program:
    return next(program for program in programs.table(places) if program.name == "opa")


def ask_until_it_answers(places: Places) -> None:
    check = supervision.health_checks(places)["opa"]
    until(lambda: not check(), seconds=15, what="OPA answers")


def test_each_process_runs_as_its_own_user_without_capabilities(prepared: Places, start: Start) -> None:
    supervisor = start([sleeper("gate"), sleeper("door")])
    users = {process.name: status.user_of(process.pid) for process in supervisor.processes()}
    assert users == {"gate": "parlatory-gate", "door": "parlatory-door"}
    finding = processes.own_users(prepared)
    assert "gate (pid" not in finding.detail
    assert "engine was not found" in finding.detail


def test_a_set_uid_program_makes_no_process_more_than_its_user(prepared: Places, start: Start) -> None:
    # Under /var/tmp nothing is mounted nosuid: it is no_new_privs that holds.
    program = prepared.run / "raised"
    shutil.copyfile("/usr/bin/sleep", program)
    program.chmod(0o4755)
    assert _user_under(prepared, start, program) == "parlatory-gate"
    unbound = subprocess.Popen([str(program), "300"], **programs.credentials(USERS["gate"]))
    try:
        assert status.user_of(unbound.pid) == "root", "the attack works without the control"
    finally:
        unbound.kill()
        unbound.wait()


def test_a_process_makes_no_name_space(prepared: Places, start: Start) -> None:
    tries = "unshare --user true && exec sleep 301; exec sleep 300"
    supervisor = start([programs.Program("gate", USERS["gate"], ("/bin/sh", "-c", tries))])
    (process,) = supervisor.processes()

    def became() -> bytes:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes()

    until(lambda: became().startswith(b"sleep"), seconds=30, what="it has tried")
    assert became() == b"sleep\x00300\x00", "it made one"


def test_a_process_of_root_has_few_of_its_powers(prepared: Places, start: Start) -> None:
    start([programs.Program("doctor", "root", ("/usr/bin/sleep", "300"))])
    assert "doctor (pid" not in processes.own_users(prepared).detail


def test_a_process_that_is_not_bound_is_seen(prepared: Places) -> None:
    marks = {programs.MARK: "gate", "PARLATORY_RUN": str(prepared.run)}
    with subprocess.Popen(["/usr/bin/sleep", "300"], env=marks, **programs.credentials(USERS["gate"])) as one:
        try:
            found = processes.own_users(prepared).detail
        finally:
            one.kill()
    for what in ("could become another user by a set-uid program", "may make every call of the kernel"):
        assert f"gate (pid {one.pid}) {what}" in found


def _user_under(prepared: Places, start: Start, program: Path) -> str:
    supervisor = start([programs.Program("gate", USERS["gate"], (str(program), "300"))])
    (process,) = supervisor.processes()
    assert "could become another" not in processes.own_users(prepared).detail
    return status.user_of(process.pid)


def test_a_process_under_a_wrong_user_is_seen(prepared: Places, start: Start) -> None:
    start([programs.Program("gate", "root", ("/usr/bin/sleep", "300"))])
    assert "runs as uid 0, not as parlatory-gate" in processes.own_users(prepared).detail


def test_a_process_that_dies_is_started_again(start: Start) -> None:
    supervisor = start([sleeper("gate")])
    (before,) = supervisor.processes()
    os.kill(before.pid, signal.SIGKILL)

    def again() -> bool:
        now = supervisor.processes()[0]
        return now.state == "RUNNING" and now.pid != before.pid

    until(again, seconds=15, what="another runs")


def test_down_leaves_no_process(prepared: Places, start: Start) -> None:
    supervisor = start([sleeper("gate"), sleeper("door")])
    assert "Stopped the processes." in down.stop(prepared)
    assert preflight.leftovers(prepared) == {}
    assert not supervisor.runs()


def test_down_ends_what_a_killed_supervisor_left(prepared: Places, start: Start) -> None:
    supervisor = start([sleeper("gate")])
    pid = supervisor.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: list(preflight.leftovers(prepared).values()) == ["gate"], seconds=15, what="it is alone")
    assert "Ended 1 processes that supervisor had left." in down.stop(prepared)
    assert preflight.leftovers(prepared) == {}


def test_the_supervisors_configuration_is_roots_alone(prepared: Places, start: Start) -> None:
    supervisor = start([opa(prepared)])
    assert (supervisor.folder / "supervisord.conf").stat().st_mode & 0o777 == 0o600
    assert supervisor.folder.stat().st_mode & 0o777 == 0o700
    line = ["/usr/bin/cat", str(supervisor.folder / "supervisord.conf")]
    gate = programs.credentials(USERS["gate"])
    assert subprocess.run(line, capture_output=True, **gate).returncode != 0


def test_opa_serves_the_bundled_revision_and_refuses_strangers(prepared: Places, start: Start) -> None:
    start([opa(prepared)])
    ask_until_it_answers(prepared)
    assert answers.policy_revision(prepared).ok, answers.policy_revision(prepared).detail
    assert answers.policy_token(prepared).ok, answers.policy_token(prepared).detail


def test_an_opa_without_authorization_is_seen(prepared: Places, start: Start) -> None:
    real = opa(prepared)
    loose = tuple(word for word in real.command if word != "--authorization=basic")
    start([programs.Program("opa", real.user, loose, real.extra)])
    ask_until_it_answers(prepared)
    finding = answers.policy_token(prepared)
    assert not finding.ok
    assert "a question without a token was answered with 200" in finding.detail


def test_another_revision_than_bundled_is_seen(prepared: Places, start: Start) -> None:
    start([opa(prepared)])
    ask_until_it_answers(prepared)
    (prepared.state / "opa" / "revision").write_text("0" * 32)
    assert not answers.policy_revision(prepared).ok
