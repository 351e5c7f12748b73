"""`up`: from a bare machine to a running enclave, step by step; what is there already is left as it is."""

from __future__ import annotations

import argparse
import fcntl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hub.cli import down, greeting, kept, preflight, prepare, stages, upgrade, version
from hub.cli.running import StepFailed
from hub.cli.supervision import Supervisor
from hub.places import Places, places

WATCH_SECONDS = 1.0


def run(arguments: list[str]) -> int:
    """Bring the enclave up; without --detach stay and stop it on Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python3 -m hub up", description=__doc__)
    parser.add_argument("--detach", action="store_true", help="return when the enclave is ready")
    parser.add_argument(
        "--without-demo", action="store_true", help="start with nobody and nothing in it, and stay so"
    )
    options = parser.parse_args(arguments)
    if preflight.not_root(places):
        preflight.check(places)
    if not Supervisor(places).runs():
        preflight.check(places)
    began = time.monotonic()
    with only_one(places):
        runs = Supervisor(places).runs()
        if runs and version.is_current(places):
            print(f"The enclave is up already.\n\n{greeting.text(places, new_passwords=False)}")
            return 0
        print(f"{'Upgrading' if runs else 'Bringing up'} {places.enclave} from {places.checkout}")
        if options.without_demo:
            prepare.stay_without_demo(places)
        supervisor = upgrade.run(places) if runs else from_nothing(places)
        if lack := kept.keep(places):
            print(f"  An upgrade in this folder could not go back: {lack}.")
    print(f"\nReady in {time.monotonic() - began:.1f} s.\n")
    print(greeting.text(places, new_passwords=prepare.show_passwords_once(places)))
    return 0 if options.detach else watch(places, supervisor)


def from_nothing(places: Places) -> subprocess.Popen[bytes]:
    """Make what is missing and start; a failed start leaves nothing running."""
    stages.ready(places)
    try:
        return stages.start(places)
    except (StepFailed, KeyboardInterrupt):
        down.stop(places)
        raise


@contextmanager
def only_one(places: Places) -> Iterator[None]:
    """Hold the enclave's lock: two `up` at once would do each other's steps."""
    places.run.mkdir(parents=True, exist_ok=True)
    with (places.run / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StepFailed(
                "another `up` of this enclave is at work", fix="wait for it, or end it, then look at `status`"
            ) from error
        yield


def watch(places: Places, started: subprocess.Popen[bytes]) -> int:
    """Stay while the enclave runs, show what changes, stop it when a person says so."""
    print("Ctrl-C stops the enclave.", flush=True)
    supervisor = Supervisor(places)
    known = {process.name: process.state for process in supervisor.processes()}
    try:
        while started.poll() is None:
            for process in supervisor.processes():
                if known.get(process.name) != process.state:
                    known[process.name] = process.state
                    print(
                        f"{time.strftime('%H:%M:%S')} {process.name} is {process.state.lower()} {process.why}"
                    )
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        print("\nStopping.")
        down.stop(places)
        return 0
    if taken_over(places, started.pid):
        print("Another `up` took the enclave over; it goes on without this window.")
        return 0
    down.stop(places)
    print("The enclave was stopped from elsewhere.")
    return 0


def taken_over(places: Places, supervisor: int) -> bool:
    """Say whether our supervisor ended because an upgrade is at work or has put another in its place."""
    try:
        with only_one(places):
            return Supervisor(places).pid() not in (None, supervisor)
    except StepFailed:
        return True
