"""`test`: a test enclave from an empty state, every check against it, and nothing left of it afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from hub.cli import environment, packages, preflight, stages
from hub.cli.running import StepFailed, step
from hub.cli.suites import ALONE, APART, ATTENDED, BESIDE, LONG, SEEN, SUITES, UNDISTURBED
from hub.cli.supervision import Supervisor
from hub.places import Places, places

EXTRAS = frozenset({"ansible", "postgresql", "test"})
TEST_ENCLAVE = {
    "PARLATORY_STATE": "/var/lib/parlatory-test",
    "PARLATORY_RUN": "/run/parlatory-test",
    "PARLATORY_PORT": "18000",
    "PARLATORY_ENCLAVE": "parlatory-test",
}
SLOWEST = ("--durations=15", "--durations-min=1")
# Tests that share nothing with others are spread over the cores; the slowest are named.
SPREAD = ("--numprocesses=auto", "--maxprocesses=8", *SLOWEST)
PYTEST = ("-m", "pytest")
# What pytest makes of the tests' asserts is kept, also where a shell has it that Python keeps nothing.
KEPT = {"PYTHONDONTWRITEBYTECODE": ""}
# As in the screener: arrays are small, and the suites already have a process for each core.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
# What runs beside tests on an enclave takes the processor's time that these leave: they wait more than they
# reckon, and some of them ask how long something took.
GIVES_WAY = ("nice", "-n", "10")
# So a test there may take several times as long as alone: in a busy hour ten seconds have become two minutes,
# the bound for the others. One that names a bound of its own keeps it.
PATIENT = ("--timeout=600",)
# Unit tests share nothing even within a file; elsewhere a file's tests share what they started, and the
# order stays: after a test with a browser a process can't use Django's database.
BY_TEST, BY_FILE = ("--dist=worksteal",), ("--dist=loadfile", "--no-loadscope-reorder")
MODULE = "import runpy, sys; sys.argv = {words!r}; runpy.run_module(sys.argv[0], run_name='__main__')"
LINTERS = (
    ("ruff", MODULE.format(words=["ruff", "check", "."])),
    ("ruff format", MODULE.format(words=["ruff", "format", "--check", "."])),
    # Its plugin reads the portal's settings, which want secrets: a throwaway set where no enclave has them.
    ("mypy", "import tests.throwaway; " + MODULE.format(words=["mypy"])),
    ("import-linter", "from importlinter.cli import lint_imports_command as main; main()"),
)


@dataclass(frozen=True)
class Wish:
    """What somebody wants tested."""

    suites: tuple[str, ...]
    # What pytest is told: paths, expressions, options.
    rest: tuple[str, ...]
    keep: bool
    lint: bool

    @property
    def everything(self) -> bool:
        """Whether no part was named."""
        return not self.suites and not self.lint

    @property
    def needs_enclave(self) -> bool:
        """Whether anything but unit tests and linters was asked for."""
        return self.everything or not set(self.suites) <= ALONE

    def enclosed(self, checkout: Path) -> tuple[str, ...]:
        """Return the suites to run against the enclave; all that need one, when no part was named."""
        there = tuple(name for name in SUITES if name not in ALONE and (checkout / "tests" / name).is_dir())
        return there if self.everything else self.suites

    @property
    def needs_browser(self) -> bool:
        """Whether a test that drives a browser may be among them."""
        return self.everything or bool(SEEN & set(self.suites))


def run(arguments: list[str]) -> int:
    """Run the tests; pytest's closing line is the last that is printed when all is well."""
    wish = read(arguments, places.checkout)
    if not wish.needs_enclave:
        ensure_environment()
        return outcome(wish, {})
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    test = TEST_ENCLAVE | {"PARLATORY_TOOLS": str(places.tools), "PARLATORY_CHECKOUT": str(places.checkout)}
    test_places = as_places(test)
    reuse = wish.keep and Supervisor(test_places).runs()
    if not reuse:
        hub(["reset", "--yes"], test)
        preflight.check(test_places)
    try:
        # Without the program that verifies our ledger, which strangers wrote, Go is wanted to build it.
        built = (places.tools / "bin" / "fsck").is_file()
        extras = EXTRAS if built else EXTRAS | {"opa"}
        stages.machine(test_places, extras=extras, browser=wish.needs_browser)
        # What needs no enclave comes first, no enclave's secrets at hand, and ends a run that can't pass.
        if wish.everything and (status := outcome(replace(wish, suites=("unit",), lint=True), {})):
            return status
        wish = replace(wish, suites=wish.enclosed(places.checkout))
        if reuse:
            return outcome(wish, test)
        # What needs no enclave begins while one is brought up, on the tools and images that both stand on.
        stages.parts(test_places)
        return outcome(wish, test, bring_up=lambda: hub(["up", "--detach"], test))
    finally:
        if not wish.keep:
            tear_down(test)


def read(arguments: list[str], checkout: Path) -> Wish:
    """Return what is wanted: suites by name or by the paths named, and what pytest is told."""
    there = [name for name in SUITES if (checkout / "tests" / name).is_dir()]
    rest = [word for word in arguments if word != "--keep"]
    names: list[str] = []
    while rest and (rest[0] in there or rest[0] == "lint"):
        names.append(rest.pop(0))
    if rest and not names and not rest[0].startswith("-") and "/" not in rest[0]:
        known = ", ".join([*there, "lint"])
        raise StepFailed(f"there are no tests called {rest[0]!r}", fix=f"there are: {known}")
    paths = [Path(word).parts for word in rest if word.startswith("tests/")]
    suites = [name for name in names if name != "lint"] + [parts[1] for parts in paths if len(parts) > 1]
    return Wish(
        suites=tuple(dict.fromkeys(suites)),
        rest=tuple(rest),
        keep="--keep" in arguments,
        lint="lint" in names,
    )


def as_places(values: dict[str, str]) -> Places:
    """Return the places of the test enclave."""
    return Places(
        checkout=places.checkout,
        state=Path(values["PARLATORY_STATE"]),
        run=Path(values["PARLATORY_RUN"]),
        tools=places.tools,
        base_port=int(values["PARLATORY_PORT"]),
        enclave=values["PARLATORY_ENCLAVE"],
    )


def ensure_environment() -> None:
    """Make the environment with what the tests need; Debian's packages too where we may install them."""
    logs = places.checkout / ".state"
    if os.geteuid() == 0:
        with step("Debian packages", "packages", logs) as current:
            packages.ensure(current)
    with step("Python environment", "python", logs) as current:
        environment.ensure(places.checkout, current, extras=EXTRAS)
        environment.compile_ours(places.checkout)


def hub(words: list[str], values: dict[str, str]) -> None:
    """Run one of our own commands on the test enclave; its failure is ours."""
    status = subprocess.run(
        [sys.executable, "-m", "hub", *words], check=False, cwd=places.checkout, env=os.environ | values
    ).returncode
    if status:
        raise StepFailed(f"`{' '.join(words)}` of the test enclave failed", fix="its message stands above")


def tear_down(values: dict[str, str]) -> None:
    """Remove the test enclave, quietly: what the tests said stays the last word."""
    log = places.tools / "test-tear-down.log"
    with log.open("wb") as out:
        status = subprocess.run(
            [sys.executable, "-m", "hub", "reset", "--yes"],
            check=False,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=places.checkout,
            env=os.environ | values,
        ).returncode
    if status:
        print(f"The test enclave was not removed cleanly: {log}", file=sys.stderr)


def lint(checkout: Path, values: dict[str, str]) -> dict[str, str]:
    """Run the linters and return what those said that found something, by their names."""
    python = str(environment.python(checkout))
    done = {
        name: subprocess.run(
            [python, "-c", code],
            check=False,
            cwd=checkout,
            env=os.environ | values,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, code in LINTERS
    }
    return {name: linter.stdout for name, linter in done.items() if linter.returncode}


def outcome(wish: Wish, values: dict[str, str], *, bring_up: Callable[[], None] = lambda: None) -> int:
    """Run pytest, the linters beside it, and return the status of all checks together."""
    with ThreadPoolExecutor(1) as pool:
        # They keep to one core, and are done before the tests are.
        linters = pool.submit(lint, places.checkout, values) if wish.lint else None
        status = carried_out(plan(wish, places.checkout), values, bring_up)
        failed = linters.result() if linters else {}
    for name, said in failed.items():
        print(f"{name} found something:\n{said}", file=sys.stderr)
    return status or (1 if failed else 0)


@dataclass(frozen=True)
class Run:
    """One run of pytest."""

    words: tuple[str, ...]
    # Whether it needs no enclave, and is told of none.
    apart: bool
    # Whether it takes what the others leave of the processor's time.
    gives_way: bool = False


@dataclass(frozen=True)
class Plan:
    """Which runs come one after the other, and which run beside all of these."""

    in_turn: tuple[Run, ...]
    beside: tuple[Run, ...] = ()


def plan(wish: Wish, checkout: Path) -> Plan:
    """Return what is wanted as runs of pytest."""
    suites = [name for name in SUITES if name in wish.suites]
    if wish.rest:
        named = {apart: [name for name in suites if (name in APART) is apart] for apart in (True, False)}
        return Plan(tuple(Run(chosen(wish.rest, half), apart) for apart, half in named.items() if half))
    tests = checkout / "tests"
    files = [path.relative_to(tests) for name in suites for path in sorted((tests / name).rglob("test_*.py"))]
    apart = [path for path in files if path.parts[0] in APART or among(path, BESIDE)]
    attended = [path for path in files if among(path, ATTENDED)]
    last = [path for path in files if among(path, UNDISTURBED)]
    others = [path for path in files if path not in {*apart, *attended, *last}]
    apart.sort(key=lambda path: [not path.is_relative_to(place) for place in LONG])
    spread = told(apart, apart=True, how=(*SPREAD, *(BY_TEST if suites == ["unit"] else BY_FILE)))
    watched = told(attended, apart=True, how=SLOWEST)
    on_an_enclave = (
        *told(others, apart=False, how=SLOWEST),
        *told(last, apart=False, how=SLOWEST),
    )
    if not on_an_enclave:
        return Plan((*spread, *watched))
    behind = (replace(run, gives_way=True, words=(*run.words, *PATIENT)) for run in spread)
    return Plan(on_an_enclave, beside=(*watched, *behind))


def told(files: list[Path], *, apart: bool, how: tuple[str, ...] = ()) -> tuple[Run, ...]:
    """Return the run of these files, their paths seen from `tests`; none where there are none."""
    return (Run((*(f"tests/{path}" for path in files), *how), apart),) if files else ()


def among(path: Path, files: tuple[str, ...]) -> bool:
    """Say whether a file of tests, its path seen from `tests`, is one of these or lies in one of them."""
    return any(path.is_relative_to(place) for place in files)


def chosen(rest: tuple[str, ...], suites: list[str]) -> tuple[str, ...]:
    """Return what pytest is told of these suites: of each the paths that were named, or all; its options."""
    named = [word for word in rest if word.startswith("tests/")]
    own = {name: [word for word in named if Path(word).parts[1:2] == (name,)] for name in suites}
    paths = [path for name in suites for path in own[name] or [f"tests/{name}"]]
    spread = (*SPREAD, *BY_TEST) if suites == ["unit"] and not named else ()
    options = [word for word in rest if word not in named]
    return (*paths, *spread, *options)


def carried_out(plan: Plan, values: dict[str, str], bring_up: Callable[[], None] = lambda: None) -> int:
    """Run pytest: what comes in turn begins when all is up and is seen as it goes on, the others after it."""
    with ExitStack() as over:
        others = []
        for run in plan.beside:
            said = over.enter_context(tempfile.TemporaryFile())
            others.append((over.enter_context(begun(run, values, said)), said))
        bring_up()
        statuses = []
        for run in plan.in_turn:
            with begun(run, values) as process:
                statuses.append(process.wait())
        for process, said in others:
            statuses.append(process.wait())
            said.seek(0)
            sys.stdout.flush()
            shutil.copyfileobj(said, sys.stdout.buffer)
            sys.stdout.flush()
    return next(filter(None, statuses), 0)


@contextmanager
def begun(
    run: Run, values: dict[str, str], said: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Begin a run of pytest, and end it with the block; no test at all is a failure, its status 5."""
    way = GIVES_WAY if run.gives_way else ()
    command = [*way, str(environment.python(places.checkout)), *PYTEST, *run.words]
    values = {} if run.apart else values
    process = subprocess.Popen(
        command,
        cwd=places.checkout,
        env=os.environ | values | KEPT | ONE_THREAD,
        stdout=said,
        stderr=subprocess.STDOUT if said else None,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
