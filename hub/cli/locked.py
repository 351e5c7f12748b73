"""The libraries at the versions they were tested with, with their hashes: `locked.txt`, renewed by `lock`."""

from __future__ import annotations

import re
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.cli.running import StepFailed, step
from hub.places import places

FILE = Path(__file__).parent / "locked.txt"
# What the command line installs beside the libraries of an enclave.
EXTRAS = ("ansible", "bench", "opa", "postgresql", "test")
NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")
HEAD = "# Made by `python3 -m hub lock` from pyproject.toml; not edited by hand.\n"


@dataclass(frozen=True)
class Library:
    """One library of the lock: its version, its lines for pip, and which others ask for it."""

    name: str
    version: str
    lines: tuple[str, ...]
    asked_by: frozenset[str]


def requirements(checkout: Path, extras: Iterable[str] = (), *, file: Path = FILE) -> str:
    """Return pip's lines for the libraries of pyproject.toml with these extras, all they bring along too."""
    libraries = read(file.read_text(encoding="utf-8"))
    wanted = direct(checkout, extras)
    if missing := sorted(wanted - set(libraries)):
        raise StepFailed(
            f"{file.name} has no version of {', '.join(missing)}",
            fix="`python3 -m hub lock` renews it from pyproject.toml",
        )
    while True:
        more = {name for name, library in libraries.items() if library.asked_by & wanted} | wanted
        if more == wanted:
            return "".join(line for name in sorted(wanted) for line in libraries[name].lines)
        wanted = more


def direct(checkout: Path, extras: Iterable[str] = ()) -> set[str]:
    """Return the names that pyproject.toml itself asks for: to build, to run, and for these extras."""
    document = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    asked = [*document["build-system"]["requires"], *project["dependencies"]]
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    return {normal(wish) for wish in asked}


def normal(wish: str) -> str:
    """Return the name in a requirement, as package indexes compare names."""
    found = NAME.match(wish)
    assert found is not None, wish
    return re.sub(r"[-_.]+", "-", found[1]).lower()


def read(text: str) -> Mapping[str, Library]:
    """Return the libraries of a lock by name."""
    blocks: list[list[str]] = []
    for line in text.splitlines(keepends=True):
        if NAME.match(line):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
    return {library.name: library for library in map(_library, blocks)}


def _library(block: list[str]) -> Library:
    name, _, version = block[0].split(maxsplit=1)[0].rstrip(" \\\n").partition("==")
    told = [line.strip().lstrip("# ") for line in block if line.lstrip().startswith("#")]
    words = " ".join(told).removeprefix("via").split()
    lines = tuple(line for line in block if not line.lstrip().startswith("#") and line.strip())
    asked_by = frozenset(normal(word) for word in words if NAME.match(word))
    return Library(normal(name), version.split(";")[0].strip(), lines, asked_by)


def run(arguments: list[str]) -> int:
    """Renew the lock: the newest versions that pyproject.toml allows, with the hashes of their files."""
    if arguments:
        raise StepFailed(f"lock takes no arguments, not {' '.join(arguments)!r}")
    with tempfile.TemporaryDirectory() as kept, step("Lock", "lock", Path(kept)) as current:
        tools, made = Path(kept) / "venv", Path(kept) / FILE.name
        current.run([sys.executable, "-m", "venv", tools])
        current.run([tools / "bin" / "pip", "install", "--quiet", "pip-tools==7.*"])
        extras = [word for extra in EXTRAS for word in ("--extra", extra)]
        current.say("asking the index for versions and hashes; this takes minutes")
        current.run(
            [
                *(str(tools / "bin" / "pip-compile"), "--quiet", "--generate-hashes", "--allow-unsafe"),
                *("--strip-extras", "--no-header", "--annotation-style=split"),
                *("--no-emit-find-links", "--no-emit-index-url", "--no-emit-trusted-host"),
                *("--build-deps-for", "editable", *extras, "--output-file", str(made), "pyproject.toml"),
            ],
            cwd=places.checkout,
        )
        FILE.write_text(HEAD + made.read_text(encoding="utf-8"), encoding="utf-8")
    return 0
