"""The stages of bringing an enclave up, in the order in which `up` and an upgrade go through them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from hub.cli import (
    accounts,
    docker_engine,
    down,
    environment,
    folders,
    packages,
    postgresql,
    prepare,
    programs,
    supervision,
    tools,
    version,
)
from hub.cli.running import Step, end_children, step
from hub.cli.supervision import Supervisor
from hub.places import Places


def machine(places: Places, *, extras: frozenset[str] = frozenset(), browser: bool = False) -> None:
    """Do the steps about the machine: packages, Docker, users, folders, environment."""
    logs = places.state / "log"
    with step("Debian packages", "packages", logs) as current:
        packages.ensure(current, tests=browser, postgresql=postgresql.chosen())
    with step("Docker engine", "docker", logs) as current:
        docker_engine.ensure(places, current)
    with step("Users and folders", "folders", logs) as current:
        accounts.ensure(current)
        folders.ensure(places, current)
    with step("Python environment", "python", logs) as current:
        if tools.opa_must_be_built(places):
            extras |= {"opa"}
        if postgresql.chosen():
            extras |= {"postgresql"}
        environment.ensure(places.checkout, current, extras=extras)
        environment.compile_ours(places.checkout)


def ready(places: Places) -> None:
    """Do every step before the start."""
    aside(places, then=lambda: database(places))
    entries(places)


def aside(places: Places, *, then: Callable[[], None] = lambda: None) -> None:
    """Make what a running enclave does not notice: the machine, tools, policies, images, keys."""
    machine(places)
    parts(places, then=then)


def parts(places: Places, *, then: Callable[[], None] = lambda: None) -> None:
    """Make what an enclave is made of: tools, policies, images, keys."""
    logs = places.state / "log"

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

    def keys() -> None:
        with step("Keys and tokens", "secrets", logs) as current:
            prepare.secrets(places, current)
        then()

    side_by_side([rules, proxy, pictures, keys])


def database(places: Places) -> None:
    """Bring the database's tables and the pages' files to this program."""
    with step("Database and pages", "database", places.state / "log") as current:
        prepare.database(places, current)


def inside(places: Places) -> None:
    """Bring database, pages' files, ledger and demo to this program; nothing else may write meanwhile."""
    database(places)
    entries(places)


def entries(places: Places) -> None:
    """Put on the ledger and into the database what this start brings."""
    logs = places.state / "log"
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
        version.write(places)
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
