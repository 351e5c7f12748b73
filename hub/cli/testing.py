"""`test`: a test enclave from an empty state, every check against it, and nothing left of it afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hub.cli import environment, packages, preflight, up
from hub.cli.running import StepFailed, step
from hub.cli.supervision import Supervisor
from hub.places import Places, places

# In the order they run: what fails fast first, the slowest last.
SUITES = ("unit", "integration", "security", "leaks", "browser", "load")
# These need no enclave and no root.
ALONE = {"unit", "lint"}
# These drive a browser.
SEEN = {"browser"}
TEST_ENCLAVE = {
    "PARLATORY_STATE": "/var/lib/parlatory-test",
    "PARLATORY_RUN": "/run/parlatory-test",
    "PARLATORY_PORT": "18000",
    "PARLATORY_ENCLAVE": "parlatory-test",
}
LINTERS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("importlinter.cli", "lint"),
)


def run(arguments: list[str]) -> int:
    """Run the tests; pytest's closing line is the last that is printed when all is well."""
    suites, keep, rest = read(arguments, places.checkout)
    if set(suites) <= ALONE:
        ensure_environment()
        return outcome(lint(places.checkout) if "lint" in suites or not suites else [], suites, rest, {})
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    test = TEST_ENCLAVE | {"PARLATORY_TOOLS": str(places.tools), "PARLATORY_CHECKOUT": str(places.checkout)}
    test_places = as_places(test)
    reuse = keep and Supervisor(test_places).runs()
    if not reuse:
        hub(["reset", "--yes"], test)
        preflight.check(test_places)
    up.machine(test_places, extras=frozenset({"test"}), browser=not suites or bool(SEEN & set(suites)))
    try:
        if not reuse:
            hub(["up", "--detach"], test)
        return outcome(lint(places.checkout) if not suites or "lint" in suites else [], suites, rest, test)
    finally:
        if not keep:
            tear_down(test)


def read(arguments: list[str], checkout: Path) -> tuple[list[str], bool, list[str]]:
    """Return the suites asked for, whether to keep the enclave, and what pytest is told."""
    there = [name for name in SUITES if (checkout / "tests" / name).is_dir()]
    suites: list[str] = []
    rest = list(arguments)
    keep = "--keep" in rest
    rest = [word for word in rest if word != "--keep"]
    while rest and (rest[0] in there or rest[0] == "lint"):
        suites.append(rest.pop(0))
    if rest and not rest[0].startswith("-") and "/" not in rest[0] and not suites:
        raise StepFailed(
            f"there are no tests called {rest[0]!r}", fix=f"there are: {', '.join([*there, 'lint'])}"
        )
    return suites, keep, rest


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
        environment.ensure(places.checkout, current, extras=frozenset({"test"}))


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


def lint(checkout: Path) -> list[str]:
    """Run the linters and return the names of those that found something."""
    python = environment.python(checkout)
    return [
        linter[0]
        for linter in LINTERS
        if subprocess.run(linter_command(python, linter), check=False, cwd=checkout).returncode
    ]


def linter_command(python: Path, linter: tuple[str, ...]) -> list[str]:
    """Return a linter's command; import-linter has no module to run, its function is called."""
    if linter[0] == "importlinter.cli":
        code = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"
        return [str(python), "-c", code]
    return [str(python), "-m", *linter]


def outcome(failed_linters: list[str], suites: list[str], rest: list[str], values: dict[str, str]) -> int:
    """Run pytest and return the status of all checks together."""
    chosen = [name for name in suites if name != "lint"]
    status = 0
    if chosen or not suites:
        status = pytest(chosen, rest, values)
    if failed_linters:
        print(f"These linters found something, see above: {', '.join(failed_linters)}", file=sys.stderr)
    return status or (1 if failed_linters else 0)


def pytest(chosen: list[str], rest: list[str], values: dict[str, str]) -> int:
    """Run pytest over the suites; no test at all is a failure, pytest's status 5."""
    checkout = places.checkout
    folders = [f"tests/{name}" for name in SUITES if (checkout / "tests" / name).is_dir()]
    wanted = [folder for folder in folders if not chosen or folder.split("/")[1] in chosen]
    named = [word for word in rest if word.startswith("tests/")]
    command = [str(environment.python(checkout)), "-m", "pytest", *([] if named else wanted), *rest]
    return subprocess.run(command, check=False, cwd=checkout, env=os.environ | values).returncode
