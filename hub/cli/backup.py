"""`backup`: the whole state in one sealed file, taken while sessions run; `--new-key` makes its key."""

from __future__ import annotations

import os
import subprocess

from hub.cli import environment, preflight, programs
from hub.cli.running import StepFailed
from hub.places import places

TAKE_BACK_SECONDS = 10.0


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
    process = subprocess.Popen(
        # -P: a folder called `hub` where the caller stands is not ours.
        [str(python), "-P", "-m", "hub.cli.within", "hub.backup", *words],
        env=os.environ | programs.environment(places, None),
        umask=0o077,
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        # A terminal's Ctrl-C reached it as well: it takes back what it began.
        try:
            return process.wait(timeout=TAKE_BACK_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            return process.wait()
