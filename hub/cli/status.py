"""`status`: what runs, as whom, since when."""

from __future__ import annotations

import argparse
import pwd
import time
from pathlib import Path

from hub.cli import docker_engine, greeting, preflight
from hub.cli.running import StepFailed
from hub.cli.supervision import Process, Supervisor
from hub.places import places

NOT_RUNNING = 3


def run(arguments: list[str]) -> int:
    """Print the processes; status 0 when all run, 3 when the enclave or a part of it does not."""
    argparse.ArgumentParser(prog="python3 -m hub status", description=__doc__).parse_args(arguments)
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    processes = Supervisor(places).processes()
    if not processes:
        print(f"{places.enclave} is not running; `python3 -m hub up` starts it.")
        return NOT_RUNNING
    print(f"{'process':<10} {'state':<10} {'user':<18} {'pid':>7}  since")
    for process in processes:
        print(line(process))
    print(f"\n{len(docker_engine.containers(places.enclave))} containers of sessions and screenings\n")
    print(greeting.text(places, new_passwords=False))
    return 0 if all(process.state == "RUNNING" for process in processes) else NOT_RUNNING


def line(process: Process) -> str:
    """Return one process as a line of the table."""
    if not process.pid:
        return f"{process.name:<10} {process.state.lower():<10} {process.why}"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(process.since))
    return (
        f"{process.name:<10} {process.state.lower():<10} {user_of(process.pid):<18} {process.pid:>7}  {since}"
    )


def user_of(pid: int) -> str:
    """Return the name of the user a process runs as."""
    try:
        uid = Path(f"/proc/{pid}").stat().st_uid
        return pwd.getpwuid(uid).pw_name
    except (OSError, KeyError):
        return "?"
