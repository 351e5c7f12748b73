"""Commands of other parts: run by the environment's Python, as the user they belong to."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from hub.cli import environment, programs
from hub.cli.running import StepFailed
from hub.places import USERS, places


@dataclass(frozen=True)
class Command:
    """A module that has its own command line."""

    module: str
    text: str
    words: tuple[str, ...] = ()
    # The part whose user runs it; None means root, because it uses Docker or writes what root owns.
    part: str | None = None
    # Words about the caller's own files: run as the caller, where the caller stands; None means every word.
    own: tuple[str, ...] | None = ()


COMMANDS = {
    "seed": Command("hub.demo", "put the demo's institutions, people, data and projects in", ("seed",)),
    "code": Command("hub.demo", "<email>: the current second-factor code of a demo person", ("code",)),
    "ledger": Command(
        "hub.ledger",
        "verify: check every entry and signature; receipt FILE [--files DIR]: check a receipt",
        part="portal",
        own=("receipt", "inclusion", "--export"),
    ),
    "provision": Command(
        "hub.provision",
        "institution|person|project|dataset|bring-in|approve|prolong|apply: what pages do, through the API",
        own=None,
    ),
    "bench": Command("hub.bench", "sessions|portal|gate|load: what this enclave costs, measured"),
}


def command_line(name: str, arguments: list[str]) -> list[str]:
    """Return the command that a delegated command stands for."""
    command = COMMANDS[name]
    return module(command.module, *command.words, *arguments)


def module(name: str, *words: str) -> list[str]:
    """Return the command that runs a module in the environment's Python."""
    return [str(environment.python(programs.checkout(places))), "-m", "hub.cli.within", name, *words]


def run(name: str, arguments: list[str]) -> int:
    """Run a delegated command and return its exit status."""
    command = COMMANDS[name]
    line = command_line(name, arguments)
    if not environment.python(places.checkout).exists():
        raise StepFailed(
            f"`{name}` needs the Python environment, which is not there yet",
            command=line,
            fix="run `python3 -m hub up` first",
        )
    by_caller = command.own is None or any(word in command.own for word in arguments)
    part = None if by_caller else command.part
    process = subprocess.Popen(
        line,
        cwd=None if by_caller else programs.checkout(places),
        env=os.environ | programs.environment(places, part),
        # Writers share with their group; what root makes for sessions, all may read.
        umask=0o007 if part else 0o022,
        **as_user(part),
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        # `subprocess.run` would kill it now; what it began, it takes back itself.
        process.terminate()
        return process.wait()


def as_user(part: str | None) -> programs.Credentials:
    """Return what `subprocess` needs to become a part's user; nothing when we are not root."""
    if part is None or os.geteuid() != 0:
        return {}
    return programs.credentials(USERS[part])
