"""An upgrade: a newer checkout takes a running enclave over while its sessions run; one that fails goes back.

All that can be done beside the running enclave is done first, the database's changes on a copy included.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from hub.cli import (
    asking,
    docker_engine,
    down,
    folders,
    kept,
    postgresql,
    prepare,
    stages,
    supervision,
    version,
)
from hub.cli.running import Step, StepFailed, step
from hub.cli.supervision import Supervisor
from hub.places import DATA_GROUP, Places

# What the steps beside a running enclave change, and what they change once it stands still.
BESIDE = ("prepared.json", "images", "opa")
STILL = ("static", "db", "hub/jupyterhub.sqlite")
REHEARSED_WITH = ("secrets", "images", "opa", "keys")
# As the engine names it, whose module needs libraries.
SESSION = "parlatory.session"
ENTRIES = "SELECT count(*) FROM ledger_entry"
REACHED_SECONDS = 45.0
TROUBLE = (StepFailed, KeyboardInterrupt, OSError, sqlite3.Error, ValueError)


@dataclass(frozen=True)
class Before:
    """What was there, and where it lies until the upgrade has succeeded."""

    places: Places
    configuration: str
    folder: Path
    changed_in_place: bool
    # The proxy's ways to sessions: the hub lays them again after its start.
    ways: frozenset[str]


def run(places: Places) -> subprocess.Popen[bytes]:
    """Bring a running enclave to this checkout and return its new supervisor."""
    logs = places.state / "log"
    # An address that can't be used ends the command here, with a sentence, before anything is stopped.
    postgresql.address()
    sessions = _sessions(places)
    with step("What is there now", "upgrade", logs) as current:
        before = _set_aside(places, current)
    try:
        stages.aside(places)
        with step("Rehearsal on a copy", "rehearsal", logs) as current:
            rehearse(places, current)
    except TROUBLE as error:
        _put_back(before, BESIDE)
        raise _failed(error, "nothing was stopped; the enclave runs on as it was") from error
    started = _switch(places, before)
    shutil.rmtree(before.folder)
    _reach(before)
    ran = len(sessions & _sessions(places))
    print(f"  {ran} of {len(sessions)} sessions run on." if sessions else "  No session was running.")
    return started


def _switch(places: Places, before: Before) -> subprocess.Popen[bytes]:
    """Stop the old processes, change what they used, start the new; whatever fails goes back."""
    logs = places.state / "log"
    marks: list[int] = []
    try:
        with step("Old processes", "stop", logs) as current:
            _stop(places, current)
        with step("Database's copy", "copy", logs) as current:
            _copy(before, STILL, current)
            # From here on the copy is whole, and may be put back.
            marks.append(_entries(places))
        stages.inside(places)
        marks.append(_entries(places))
        return stages.start(places)
    except TROUBLE as error:
        raise _failed(error, go_back(before, marks)) from error


def rehearse(places: Places, current: Step) -> None:
    """Migrate a copy of the database with the new program, beside the enclave that runs."""
    if postgresql.chosen():
        current.note = "left out: PostgreSQL's own copy is made once the processes stand still"
        return
    scratch = places.state / "upgrade" / "rehearsal"
    copy = replace(places, state=scratch)
    # Closed until the copy has its own mode: it holds the whole database.
    scratch.mkdir(mode=0o700, parents=True)
    (scratch / "db").mkdir()
    for name in REHEARSED_WITH:
        (scratch / name).symlink_to(places.state / name)
    with (
        closing(sqlite3.connect(f"{prepare.sqlite(places).as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(prepare.sqlite(copy))) as target,
    ):
        live.backup(target)
    for path in (scratch, scratch / "db", prepare.sqlite(copy)):
        shutil.chown(path, group=DATA_GROUP)
        path.chmod(0o660 if path.is_file() else 0o2770)
    try:
        prepare.migrate(copy, current)
    finally:
        shutil.rmtree(scratch)
    current.note = "its tables can be brought to this program"


def go_back(before: Before, marks: list[int]) -> str:
    """Start the old processes on the old database; return in one sentence how the enclave stands now.

    The marks are the ledger's length in the copy and, if they were started, before the new processes.
    """
    places = before.places
    try:
        _stop(places, Step("Old processes", places.state / "log" / "up-stop.log"))
        if late := _late(places, marks):
            return (
                f"going back would lose {late} entries that came on the ledger under the new program: only "
                "the sessions run, the database stays as the new program left it, the old one lies in "
                f"{before.folder}; mend the cause and run `up` again"
            )
        if marks:
            _put_back(before, STILL)
        _put_back(before, BESIDE)
        if before.changed_in_place:
            return (
                "the database is as it was before, but nothing runs except the sessions, for the program was "
                "changed where it lies, and there is no whole copy of the old one: put the version before "
                f"into {places.checkout} and run `up`"
            )
        with step("The old program", "back", places.state / "log") as current:
            folders.ensure(places, current)
            stages.forget_counts(places)
            Supervisor(places).start(before.configuration)
            version.write(places)
            supervision.wait_until_healthy(places, current)
        _reach(before)
    except TROUBLE as error:
        return (
            f"the way back failed as well ({error}): run `up` from {places.checkout}; sessions run meanwhile"
        )
    return "everything is as it was before: the old database, the old images and the old processes run"


def _late(places: Places, marks: list[int]) -> int:
    """Return how many entries going back would lose: written by the new processes, or published by them."""
    if len(marks) < 2:
        return 0
    copied, started = marks
    published = (places.state / "ledger" / "checkpoint").read_text(encoding="utf-8").splitlines()
    return max(_entries(places) - started, int(published[1]) - copied, 0)


def _failed(error: BaseException, stands: str) -> StepFailed:
    interrupted = isinstance(error, KeyboardInterrupt)
    why = "it was interrupted" if interrupted else str(error)
    report = StepFailed(f"the upgrade failed ({why}), and {stands}")
    if isinstance(error, StepFailed):
        report.command, report.log, report.lines = error.command, error.log, error.lines
    return report


def _ways(places: Places) -> frozenset[str]:
    """Return the addresses of the sessions that the proxy passes on."""
    token = {"Authorization": f"token {places.secret('proxy', 'proxy')}"}
    routes = asking.ask(places.port("proxy-api"), "/api/routes", headers=token).json
    return frozenset(route for route in routes or () if route.startswith("/user/"))


def _reach(before: Before) -> None:
    """Wait until every session that could be reached can be again; one may have ended meanwhile."""
    with step("Sessions", "sessions", before.places.state / "log") as current:
        until = time.monotonic() + REACHED_SECONDS
        while (missing := before.ways - _ways(before.places)) and time.monotonic() < until:
            current.doing = f"waiting for {len(missing)} of {len(before.ways)}"
            time.sleep(0.2)
        current.note = f"{len(before.ways) - len(missing)} of {len(before.ways)} can be reached again"


def _sessions(places: Places) -> set[str]:
    found = docker_engine.containers(places.enclave)
    return {one["Id"] for one in found if one.get("State") == "running" and SESSION in one["Labels"]}


def _set_aside(places: Places, current: Step) -> Before:
    folder = places.state / "upgrade"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # The rehearsal's user passes through; what lies in `before` is root's alone.
    folder.chmod(0o711)
    (folder / "before").mkdir(mode=0o700)
    old = version.checkout(places)
    program, configuration = _program(places, old)
    before = Before(
        replace(places, checkout=program or old),
        configuration,
        folder / "before",
        changed_in_place=program is None,
        ways=_ways(places),
    )
    _copy(before, BESIDE, current)
    current.note = f"started from {old}"
    return before


def _program(places: Places, old: Path) -> tuple[Path | None, str]:
    """Return where the program that runs lies whole, checkout or copy, and how it is started there."""
    configuration = Supervisor(places).configuration()
    if version.is_still_there(places, old):
        # One that came back before runs from its copy, whose libraries may still be this checkout's.
        lies_there = old.parent != kept.folder(places) or kept.hold_libraries(old, places.checkout, places)
        return (old if lies_there else None), configuration
    copy = kept.find(places, old)
    return copy, kept.moved(configuration, copy) if copy else configuration


def _copy(before: Before, names: tuple[str, ...], current: Step) -> None:
    if "db" in names and postgresql.chosen():
        postgresql.dump(_with_database(current), before.folder / "database.dump")
    for name in names:
        source, target = before.places.state / name, before.folder / name
        if source.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            current.run(["cp", "--archive", "--", source, target])


def _put_back(before: Before, names: tuple[str, ...]) -> None:
    for name in names:
        kept, place = before.folder / name, before.places.state / name
        if kept.exists():
            # By renames on one file system, so that a moment without either is as short as can be.
            changed = before.folder / f"changed-{kept.name}"
            if place.exists():
                place.rename(changed)
            kept.rename(place)
            if changed.is_dir():
                shutil.rmtree(changed)
            else:
                changed.unlink(missing_ok=True)
    if "db" in names and (dump := before.folder / "database.dump").exists():
        with step("The old database", "back-database", before.places.state / "log") as current:
            postgresql.load(_with_database(current), dump)


def _with_database(current: Step) -> postgresql.Run:
    return lambda words: current.run(words, env=postgresql.environment())


def _stop(places: Places, current: Step) -> None:
    """End the processes and leave sessions as they are."""
    down.stop_processes(places)
    down.end_leftovers(places)
    current.note = "ended; sessions go on, their windows wait"


def _entries(places: Places) -> int:
    """Return how many entries the ledger has."""
    if postgresql.chosen():
        # An empty answer, where the database gave none, is no number: ValueError.
        return int(postgresql.ask(ENTRIES))
    with closing(sqlite3.connect(f"{prepare.sqlite(places).as_uri()}?mode=ro", uri=True)) as database:
        return int(database.execute(ENTRIES).fetchone()[0])
