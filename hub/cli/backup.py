"""`backup`: the whole state in one sealed file, taken while sessions run; `--new-key` makes its key."""

from __future__ import annotations

import os
import subprocess
import sys

from hub.cli import environment, preflight, programs
from hub.cli.running import StepFailed
from hub.places import places


def run(arguments: list[str]) -> int:
    """Write a backup, or make a key."""
    if arguments[:1] == ["--new-key"]:
        return call(["key", *arguments[1:]])
    return call(["write", *arguments])


def call(words: list[str]) -> int:
    """Run the part that needs libraries, where the caller stands: the files named are the caller's."""
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    python = environment.python(places.checkout)
    if not python.exists():
        raise StepFailed(
            "this needs the Python environment, which is not there yet; `up` and `restore` make it"
        )
    return subprocess.run(
        # -P: a folder called `hub` where the caller stands is not ours.
        [str(python), "-P", "-m", "hub.backup", *words],
        check=False,
        stdin=sys.stdin,
        env=os.environ | programs.environment(places, None),
        umask=0o077,
    ).returncode
