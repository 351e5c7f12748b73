"""The environment `.venv`: made with an interpreter all users can reach, renewed with what it is made of."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from hub.cli import locked
from hub.cli.folders import closed_to_others
from hub.cli.running import Step, StepFailed, output

OLDEST = (3, 11)
DEBIANS = Path("/usr/bin/python3")
STAMP = "parlatory.json"
COMPILING_SECONDS = 600
OURS = {"hub", "egress_review", "tests"}


def python(checkout: Path) -> Path:
    """Return the environment's interpreter."""
    return checkout / ".venv" / "bin" / "python"


def site_packages(checkout: Path) -> Path | None:
    """Return where the environment keeps its libraries, if it exists."""
    found = sorted((checkout / ".venv" / "lib").glob("python3.*/site-packages"))
    return found[-1] if found else None


def base_interpreter() -> Path | None:
    """Return a Python that is new enough and that other users may run; Debian's own if it will do."""
    running = Path(sys.executable).resolve()
    for candidate in (DEBIANS, running):
        if candidate.exists() and closed_to_others(candidate.resolve()) is None:
            version = output([candidate, "-c", "import sys; print(*sys.version_info[:2])"]).split()
            if version and tuple(map(int, version)) >= OLDEST:
                return candidate
    return None


def fingerprint(checkout: Path, lock: Path | None = None) -> str:
    """Return the hash of what the environment's contents follow from."""
    total = hashlib.sha256((checkout / "pyproject.toml").read_bytes())
    total.update((lock or locked.FILE).read_bytes())
    return total.hexdigest()


def made_of(checkout: Path) -> str:
    """Return the fingerprint that the environment was made or renewed with."""
    return _read(checkout / ".venv" / STAMP)[0]


def ensure(checkout: Path, step: Step, *, extras: frozenset[str] = frozenset()) -> None:
    """Make or renew the environment so that it holds the distribution with these extras."""
    folder = checkout / ".venv"
    stamp = folder / STAMP
    made_with, has = _read(stamp)
    works = bool(output([python(checkout), "-c", "print('here')"]))
    if works and made_with == fingerprint(checkout) and extras <= has:
        return
    if not works:
        base = base_interpreter() or DEBIANS
        step.say(f"making .venv with {base}")
        step.run(
            [base, "-m", "venv", "--clear", folder],
            fix="`apt-get install python3-venv`, then run the command again",
        )
        has = frozenset()
    wanted = extras | has
    requirements = folder / locked.FILE.name
    requirements.write_text(locked.requirements(checkout, wanted), encoding="utf-8")
    step.say("installing the libraries of pyproject.toml, at the versions of the lock")
    for words in (
        # Compiled below, on all cores.
        ("--require-hashes", "--no-compile", "--requirement", requirements),
        # What builds it is in the lock, too.
        ("--no-deps", "--no-build-isolation", "--editable", "."),
    ):
        step.run(
            [python(checkout), "-m", "pip", "install", "--no-input", *words],
            cwd=checkout,
            env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"},
            fix="check that this machine reaches its Python package index, then run the command again",
        )
    step.say("compiling them")
    compiled(checkout, folder / "lib")
    stamp.write_text(
        json.dumps({"pyproject": fingerprint(checkout), "extras": sorted(wanted)}), encoding="utf-8"
    )


def compile_ours(checkout: Path) -> None:
    """Compile our modules once."""
    compiled(checkout, *sorted(checkout / name for name in OURS if (checkout / name).is_dir()))


def compiled(checkout: Path, *folders: Path) -> None:
    """Compile modules: the processes may write nothing here, and would do it at each start."""
    # Where they cannot be written, and where one is not meant to be compiled, that is so.
    output([python(checkout), "-m", "compileall", "-q", "-j", "0", *folders], timeout=COMPILING_SECONDS)


def lacks(error: ModuleNotFoundError, checkout: Path) -> StepFailed:
    """Return what to say where a library is missing, and where it comes from; a module of ours is a bug."""
    name = (error.name or "").partition(".")[0]
    if name in OURS:
        raise error
    return StepFailed(
        f"{sys.executable} has no library `{name}`, which this needs",
        fix=f"`python3 -m hub test lint` brings {checkout}/.venv up to date, with what the tests need; "
        f"`python3 -m hub up` does without that; then run the command with {python(checkout)}",
    )


def _read(stamp: Path) -> tuple[str, frozenset[str]]:
    try:
        document = json.loads(stamp.read_text(encoding="utf-8"))
        return str(document["pyproject"]), frozenset(document["extras"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", frozenset()
