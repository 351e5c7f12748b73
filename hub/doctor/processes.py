"""Promises about the processes: all run, each as its own user, and Docker is out of their reach."""

from __future__ import annotations

import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hub import beside
from hub.cli import bounds, docker_engine, preflight, programs
from hub.cli.supervision import Supervisor
from hub.doctor.promise import Finding, Promise, kept
from hub.places import PORTS, USERS, Places

RESTART = "read `python3 -m hub logs`, then `python3 -m hub down` and `up`"


def all_run(places: Places) -> Finding:
    """Ask supervisor for each process of the table."""
    states = {process.name: process.state for process in Supervisor(places).processes()}
    wrong = [
        f"{name} is {states.get(name, 'absent').lower()}"
        for name in programs.NAMES
        if states.get(name) != "RUNNING"
    ]
    return kept(wrong, f"{len(programs.NAMES)} processes run")


def works(places: Places) -> Finding:
    """Read what the worker says of everything that runs in it."""
    try:
        told = beside.read(places)
    except beside.Unknown as error:
        return Finding(ok=False, detail=str(error))
    now = beside.now()
    wrong = [trouble for work in told if (trouble := work.trouble(now))]
    return kept(wrong, f"{len(told)} works run")


def door(places: Places) -> Finding:
    """Read when the door looked for sessions last."""
    try:
        said = beside.said(beside.door_file(places), by="the door", within_seconds=beside.SILENT_SECONDS)
    except beside.Unknown as error:
        return Finding(ok=False, detail=str(error))
    return Finding(ok=True, detail=f"{said['doors']} sessions have a door")


def docker(places: Places) -> Finding:
    """Read whether Docker answered the engine when it was asked last, seconds ago."""
    try:
        said = beside.said(beside.docker_file(places), by="the engine")
    except beside.Unknown as error:
        return Finding(ok=False, detail=str(error))
    if said.get("away") is not False:
        lost = "no session starts or ends; what was revoked is cut off by the gate all the same"
        return Finding(ok=False, detail=f"Docker's engine does not answer the engine: {lost}")
    return Finding(ok=True, detail="it answered the engine when it was looked for last")


def own_users(places: Places) -> Finding:
    """Read user, powers, no_new_privs and filter of every process from /proc."""
    wrong, seen = [], []
    for pid, name in sorted(preflight.leftovers(places).items()):
        wrong += [f"{name} (pid {pid}) {what}" for what in _unbounded(name, _status(pid))]
        seen.append(name)
    wrong += [f"{name} was not found in /proc" for name in programs.NAMES if name not in seen]
    return kept(wrong, f"{len(seen)} processes, only engine and doctor are root, each with few of its powers")


def _unbounded(name: str, status: dict[str, str]) -> Iterator[str]:
    """Say what a process of this name could do beyond its job."""
    user = USERS.get(name, "root")
    if set(status["Uid"].split()) != {str(pwd.getpwnam(user).pw_uid)}:
        yield f"runs as uid {status['Uid'].split()[0]}, not as {user}"
    mask = sum(1 << power for power in bounds.KEPT.get(name, {}).values())
    # Those of root's processes end with what they may ever get; a user's are none, and no program gives more.
    # What a process is permitted it can take up at any moment.
    powers = int(status["CapPrm"], 16) | int(status["CapEff"], 16)
    powers |= int(status["CapBnd"], 16) if user == "root" else 0
    if powers & ~mask:
        yield f"has capabilities {powers & ~mask:x} that it does not need"
    if status["NoNewPrivs"] != "1":
        yield "could become another user by a set-uid program"
    if status["Seccomp"] != bounds.FILTERED:
        yield "may make every call of the kernel"


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _colon, value in (line.partition(":") for line in lines)}


def docker_is_roots(places: Places) -> Finding:
    """Try to connect to Docker's socket as each of the enclave's users."""
    private, detail = docker_engine.socket_is_roots_own()
    code = f"import socket; socket.socket(socket.AF_UNIX).connect({str(docker_engine.SOCKET)!r})"
    reached = [user for user in USERS.values() if _runs_as(user, code)]
    if reached:
        return Finding(ok=False, detail=f"these users reach it: {', '.join(reached)}; {detail}")
    return Finding(ok=private, detail=detail)


def _runs_as(user: str, code: str) -> bool:
    python = Path(sys.executable) if sys.executable.startswith("/usr/") else Path("/usr/bin/python3")
    return (
        subprocess.run(
            [python, "-I", "-c", code],
            check=False,
            capture_output=True,
            cwd="/",
            timeout=10,
            **programs.credentials(user),
        ).returncode
        == 0
    )


def loopback_only(places: Places) -> Finding:
    """Read the kernel's table of listening sockets for the enclave's ports."""
    ports = {places.port(name): name for name in PORTS}
    wrong, seen = [], set()
    for table, loopback in (("tcp", "0100007F"), ("tcp6", "0" * 24 + "01000000")):
        file = Path("/proc/net") / table
        for line in file.read_text(encoding="ascii").splitlines()[1:] if file.exists() else []:
            address, _colon, port = line.split()[1].rpartition(":")
            name = ports.get(int(port, 16))
            if name and line.split()[3] == "0A":
                seen.add(name)
                if address != loopback:
                    wrong.append(f"{name} listens beyond the loopback")
    wrong += [f"nothing listens for {name}" for name in ports.values() if name not in seen]
    return kept(wrong, f"ports {min(ports)} to {max(ports)} listen on 127.0.0.1 alone")


PROMISES = (
    Promise("Every process runs", "supervisor is asked for each", RESTART, all_run),
    Promise(
        "Everything runs that the worker keeps: screening, notices, intakes, what ends by itself",
        "the worker says of each work whether it runs, fell and waits to be started again, or hangs",
        "read `python3 -m hub logs worker`: `work_fell` says why, and it starts again; `work_hangs` "
        "says what it waits for: the worker ends for it within two minutes, or an hour after it did so "
        "before, and starts anew; at once by `pkill -KILL -u parlatory-worker`",
        works,
        at_once=True,
    ),
    Promise(
        "Hand-ins are taken: the door looks for sessions again and again",
        "the door says so every few seconds",
        "read `python3 -m hub logs door`; one that hangs (T in `ps`) goes on after `kill -CONT`, or is begun "
        "again after `kill -KILL`",
        door,
        at_once=True,
    ),
    Promise(
        "Docker answers, so that sessions start and end when they should",
        "the engine, which asks it every few seconds, says so",
        "`systemctl status docker`: start it where it ended; where it hangs (T in `ps`), `kill -CONT` or "
        "restart it: with --live-restore sessions go on meanwhile",
        docker,
        at_once=True,
    ),
    Promise(
        "Each process runs as its own unprivileged user, engine and doctor alone as root; none can become "
        "more, look into another, or make the kernel's rarer calls",
        "user, capabilities, no_new_privs and filter of each process are read from /proc",
        RESTART,
        own_users,
    ),
    Promise(
        "Only root reaches Docker",
        "each of the enclave's users tries to connect to its socket",
        "`chmod 0660 /var/run/docker.sock`, and `gpasswd -d NAME docker` for everyone in its group",
        docker_is_roots,
    ),
    Promise(
        "Nothing listens beyond this machine",
        "the kernel's table of listening sockets is read",
        "find what set another address: every part binds 127.0.0.1 by default",
        loopback_only,
    ),
)
