"""`down`: sessions first, so that their logs are kept, then processes, then mounts. Docker's engine stays."""

from __future__ import annotations

import argparse
import os
import signal
import time

from hub.cli import asking, docker_engine, folders, preflight
from hub.cli.running import StepFailed, output
from hub.cli.supervision import Supervisor
from hub.places import Places, places

STOP_SECONDS = 30.0
SESSION_SECONDS = 30.0


def run(arguments: list[str]) -> int:
    """Stop the enclave and everything it started."""
    argparse.ArgumentParser(prog="python3 -m hub down", description=__doc__).parse_args(arguments)
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    did = stop(places)
    print("\n".join(did) if did else "Nothing of the enclave was running.")
    print("Docker's engine keeps running.")
    return 0


def stop(places: Places) -> list[str]:
    """Stop all that belongs to the enclave; return what was done, a sentence each."""
    did = []
    if ended := _end_sessions(places):
        did.append(f"Ended {ended} session{'s' if ended > 1 else ''}.")
    if stop_processes(places):
        did.append("Stopped the processes.")
    if left := end_leftovers(places):
        did.append(f"Ended {left} processes that supervisor had left.")
    found = docker_engine.containers(places.enclave)
    if removed := sum(docker_engine.remove_container(container["Id"]) for container in found):
        did.append(f"Removed {removed} containers.")
    if stuck := _unmount(places):
        did.append(f"Still mounted: {', '.join(stuck)}.")
    return did


def stop_processes(places: Places) -> bool:
    """End supervisor and the processes it looks after, and say whether it ran; sessions stay as they are."""
    supervisor = Supervisor(places)
    pid = supervisor.pid()
    if supervisor.runs():
        supervisor.shutdown()
    if pid is not None:
        _wait_for_end(pid)
    return pid is not None


def _end_sessions(places: Places) -> int:
    listed = asking.ask(places.engine_socket, "/sessions", timeout=10)
    sessions = listed.json if listed.status == 200 else None
    if not isinstance(sessions, list):
        return 0
    answers = [
        asking.ask(
            places.engine_socket, f"/sessions/{session['session']}", method="DELETE", timeout=SESSION_SECONDS
        )
        for session in sessions
    ]
    return sum(200 <= answer.status < 300 for answer in answers)


def _wait_for_end(pid: int) -> None:
    """Wait until a supervisor has ended its processes and itself; one that does not is killed."""
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        try:
            # A child of our own that has ended stays as a zombie until it is waited for.
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return
        except ChildProcessError:
            pass
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)


def end_leftovers(places: Places) -> int:
    """End processes of this enclave that no supervisor looks after any more."""
    left = preflight.leftovers(places)
    for number, pause in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0)):
        for pid in preflight.leftovers(places):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        until = time.monotonic() + pause
        while preflight.leftovers(places) and time.monotonic() < until:
            time.sleep(0.1)
    return len(left)


def _unmount(places: Places) -> list[str]:
    for point in folders.mounts_under(places.run):
        output(["umount", point])
    for point in folders.mounts_under(places.run):
        # Somebody's shell stands in it: it goes away when they leave.
        output(["umount", "--lazy", point])
    return folders.mounts_under(places.run)
