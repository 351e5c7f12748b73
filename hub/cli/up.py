"""`up`: from a bare machine to a running enclave, step by step; what is there already is left as it is."""

from __future__ import annotations

import argparse
import fcntl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager

from hub.cli import (
    accounts,
    docker_engine,
    down,
    environment,
    folders,
    greeting,
    packages,
    preflight,
    prepare,
    programs,
    supervision,
    tools,
)
from hub.cli.running import Step, StepFailed, end_children, step
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
    if Supervisor(places).runs():
        print(f"The enclave is up already.\n\n{greeting.text(places, new_passwords=False)}")
        return 0
    preflight.check(places)
    began = time.monotonic()
    with only_one(places):
        print(f"Bringing up {places.enclave} from {places.checkout}")
        if options.without_demo:
            prepare.stay_without_demo(places)
        ready(places)
        try:
            supervisor = start(places)
        except (StepFailed, KeyboardInterrupt):
            down.stop(places)
            raise
    print(f"\nReady in {time.monotonic() - began:.1f} s.\n")
    print(greeting.text(places, new_passwords=prepare.show_passwords_once(places)))
    return 0 if options.detach else watch(places, supervisor)


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


def machine(places: Places, *, extras: frozenset[str] = frozenset(), browser: bool = False) -> None:
    """Do the steps about the machine: packages, Docker, users, folders, environment."""
    logs = places.state / "log"
    with step("Debian packages", "packages", logs) as current:
        packages.ensure(current, tests=browser)
    with step("Docker engine", "docker", logs) as current:
        docker_engine.ensure(places, current)
    with step("Users and folders", "folders", logs) as current:
        accounts.ensure(current)
        folders.ensure(places, current)
    with step("Python environment", "python", logs) as current:
        if tools.opa_must_be_built(places):
            extras |= {"opa"}
        environment.ensure(places.checkout, current, extras=extras)


def ready(places: Places) -> None:
    """Do every step before the start."""
    logs = places.state / "log"
    machine(places)

    def rules() -> None:
        with step("OPA", "opa", logs) as current:
            tools.ensure_opa(places, current)
        with step("Policies", "policies", logs) as current:
            prepare.bundle(places, current)

    def proxy() -> None:
        with step("Proxy", "proxy", logs) as current:
            tools.ensure_proxy(places, current)

    def pictures() -> None:
        with step("Images", "images", logs) as current:
            prepare.images(places, current)

    def data() -> None:
        with step("Keys and tokens", "secrets", logs) as current:
            prepare.secrets(places, current)
        with step("Database and pages", "database", logs) as current:
            prepare.database(places, current)

    side_by_side([rules, proxy, pictures, data])
    with step("Demo", "demo", logs) as current:
        prepare.restore_on_ledger(places, current)
        prepare.rules_on_ledger(places, current)
        prepare.demo(places, current)


def side_by_side(tasks: list[Callable[[], None]]) -> None:
    """Run independent steps at the same time; after a failure the others still finish, for the next try."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        running = [pool.submit(task) for task in tasks]
        try:
            _done, waiting = wait(running, return_when=FIRST_EXCEPTION)
            if waiting:
                print("  ..   a step failed; its message follows when the others are done", flush=True)
            wait(running)
        except KeyboardInterrupt:
            end_children()
            raise
    failures = [error for future in running if (error := future.exception())]
    if failures:
        raise failures[0]


def start(places: Places) -> subprocess.Popen[bytes]:
    """Start supervisor with the process table and wait until all parts answer."""
    logs = places.state / "log"
    with step("Processes", "start", logs) as current:
        down.end_leftovers(places)
        check_reachable(places, current)
        forget_counts(places)
        started = Supervisor(places).start(programs.configuration(places, programs.table(places)))
        supervision.wait_until_healthy(places, current)
    return started


def forget_counts(places: Places) -> None:
    """Let every process count from nothing: what ended processes left would be counted for ever."""
    for path in (places.run / "metrics").glob("*.db"):
        path.unlink()


def check_reachable(places: Places, current: Step) -> None:
    """Make sure that an unprivileged user can run the program, before eight of them try."""
    user = "parlatory-gate"
    current.run(
        [str(prepare.programs_python(places)), "-c", "import hub.places, supervisor"],
        cwd=programs.checkout(places),
        env=programs.environment(places, "gate"),
        fix=f"other users must be able to read the checkout: run `chmod -R go+rX {places.checkout}`",
        **programs.credentials(user),
    )


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
    down.stop(places)
    print("The enclave was stopped from elsewhere.")
    return 0
