"""The running test enclave with a control taken out of the processes that hold it, and put back."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hub.cli import asking, supervision
from hub.cli.supervision import Supervisor
from hub.cli.testing import TEST_ENCLAVE, as_places
from hub.places import Places

CHILD = "tests.security.without.child"
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 30.0
HOW = "bring it up from this checkout: python3 -m hub test --keep security -k test_no_name_is_resolved"


def test_enclave() -> Places:
    """Return the places of the test enclave: no control of any other is ever taken away."""
    return as_places(TEST_ENCLAVE)


def require() -> None:
    """Stop with a sentence unless the test enclave runs this checkout, with every control in."""
    places = test_enclave()
    if not Supervisor(places).runs():
        raise SystemExit(f"The attacks on the running enclave need the test enclave; {HOW}")
    runs = re.search(r"^directory=(.+)$", _file(places).read_text(encoding="utf-8"), flags=re.MULTILINE)
    if runs is None or not os.path.samefile(runs[1], places.checkout):
        raise SystemExit(f"The test enclave runs another checkout; {HOW}")
    # What somebody before us was killed over.
    _write(_file(places), whole(_file(places).read_text(encoding="utf-8")))
    if restart(places):
        end_sessions(places)


@contextmanager
def without(control: str, holders: Sequence[str]) -> Iterator[None]:
    """Start the processes that hold a control again without it; afterwards, with it."""
    places = test_enclave()
    ours = life(os.getpid())
    try:
        with _configured(places, {name: f"{control}@{ours}" for name in holders}):
            restart(places)
        yield
    finally:
        # Sessions that began without their walls end before an engine that has them again would adopt them.
        end_sessions(places)
        restart(places)


def restart(places: Places) -> list[str]:
    """Start again each process whose configuration on the disk is not the one it runs with; return which."""
    supervisor = Supervisor(places)
    added, changed, _ = supervisor._call("reloadConfig")[0]
    for name in changed:
        supervisor._call("stopProcessGroup", name, True)
        supervisor._call("removeProcessGroup", name)
    for name in (*changed, *added):
        supervisor._call("addProcessGroup", name)
    wait(places)
    return [*changed, *added]


def wait(places: Places) -> None:
    """Wait until every process runs and every part answers."""
    checks = supervision.health_checks(places)
    until = time.monotonic() + HEALTHY_SECONDS
    while True:
        states = {one.name: one.state for one in Supervisor(places).processes()}
        wrong = {name: state for name, state in states.items() if state != "RUNNING"}
        wrong = wrong or {name: why for name, check in checks.items() if (why := check())}
        if states and not wrong:
            return
        if time.monotonic() > until:
            raise RuntimeError(f"the enclave is not well: {wrong or 'supervisor does not answer'}")
        time.sleep(0.2)


def end_sessions(places: Places) -> None:
    """End every session of the test enclave and wait until their containers are gone."""
    listed = asking.ask(places.engine_socket, "/sessions", timeout=10).json
    for one in listed if isinstance(listed, list) else []:
        path = f"/sessions/{one['session']}"
        asking.ask(places.engine_socket, path, method="DELETE", timeout=STOP_SECONDS)


def life(pid: int) -> str:
    """Return what tells a process from a later one of the same number."""
    return f"{pid}:{_facts(pid)[19]}"


def lives(one: str) -> bool:
    """Say whether that very process still runs; one that ended and waits to be noticed does not."""
    pid, _, began = one.partition(":")
    try:
        facts = _facts(int(pid))
    except OSError:
        return False
    return facts[19] == began and facts[0] not in {"Z", "X"}


def _facts(pid: int) -> list[str]:
    # What stands behind the name, which may hold anything: the state first, as the 20th when it began.
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def edited(text: str, names: dict[str, str]) -> str:
    """Return supervisor's configuration with the named processes started by way of `child`."""
    for process, what in names.items():
        section = rf"(\[program:{re.escape(process)}\]\ncommand=[^\n]*?) -m "
        text, found = re.subn(section, rf"\1 -m {CHILD} {what} -m ", text)
        if not found:
            raise ValueError(f"{process} is not a process of the enclave that runs a module of Python")
    return text


def whole(text: str) -> str:
    """Return supervisor's configuration with every process started as it should be."""
    return re.sub(rf" -m {re.escape(CHILD)} \S+ -m ", " -m ", text)


@contextmanager
def _configured(places: Places, names: dict[str, str]) -> Iterator[None]:
    # Supervisor reads the file once: the disk holds the right one again whatever becomes of us.
    file = _file(places)
    right = whole(file.read_text(encoding="utf-8"))
    _write(file, edited(right, names))
    try:
        yield
    finally:
        _write(file, right)


def _write(file: Path, text: str) -> None:
    made = file.with_suffix(".new")
    made.touch(0o600)
    made.write_text(text, encoding="utf-8")
    made.replace(file)


def _file(places: Places) -> Path:
    return Supervisor(places).folder / "supervisord.conf"
