"""Running attacks, with every control in and with one of them out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.cli.testing import TEST_ENCLAVE
from tests.security.without import running as enclave
from tests.security.without.plugin import BROKEN, FAILS, NOTES, SUCCEEDS
from tests.security.without.removal import VARIABLE, Removal

TESTS = Path(__file__).parents[2]
PLUGIN = "tests.security.without.plugin"


@dataclass(frozen=True)
class Ended:
    """How one attack ended, and what its test said."""

    end: str
    said: str = ""


def run(
    file: str, attack: str, *, without: str = "", shows: str = "", running: bool = False
) -> dict[str, Ended]:
    """Run the attacks of a file in a process of their own and return how each ended, by its test."""
    there = TEST_ENCLAVE if running else {VARIABLE: without} if without else {}
    with tempfile.NamedTemporaryFile("r") as notes:
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", PLUGIN, "-p", "no:cacheprovider"),
                *("-k", attack, str(TESTS / file)),
            ],
            env={**os.environ, NOTES: notes.name, **there},
            cwd=TESTS.parent,
            capture_output=True,
            text=True,
        )
        found = read(notes.read().splitlines(), shows=shows)
    if not found:
        sys.stdout.write(ran.stdout[-3000:] + ran.stderr[-3000:])
    return found


def read(lines: Iterable[str], *, shows: str) -> dict[str, Ended]:
    """Return how each attack ended: broken where any part of its test broke, or said something else."""
    found: dict[str, Ended] = {}
    for line in lines:
        note = json.loads(line)
        ended = Ended(note["end"], note["said"])
        if ended.end == SUCCEEDS and not re.search(shows, ended.said, re.DOTALL):
            ended = Ended(BROKEN, f"it does not say {shows!r}: {ended.said}")
        before = found.get(note["test"], Ended(FAILS))
        found[note["test"]] = max(before, ended, key=lambda one: (FAILS, SUCCEEDS, BROKEN).index(one.end))
    return found


def on(removal: Removal, name: str) -> dict[str, Ended]:
    """Run a removal's attack without its control, in the running enclave where that is who holds it."""
    if not removal.holders:
        return run(removal.file, removal.attack, without=name, shows=removal.shows)
    with enclave.without(name, removal.holders):
        return run(removal.file, removal.attack, shows=removal.shows, running=True)


def together(removals: Iterable[Removal]) -> dict[str, str]:
    """Return for each file the expression that names all its attacks."""
    found: dict[str, list[str]] = {}
    for removal in removals:
        found.setdefault(removal.file, []).append(f"({removal.attack})")
    return {file: " or ".join(dict.fromkeys(attacks)) for file, attacks in found.items()}
