"""The command line of an enclave; standard library only, so that it runs before any environment exists."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from hub.cli import delegated
from hub.cli.running import StepFailed, end_children

# Commands of this package: each module has `run(arguments) -> exit status`.
OWN = {
    "up": ("hub.cli.up", "make what is missing and start the enclave (--detach: in the background)"),
    "down": ("hub.cli.down", "stop the enclave and its sessions; leaves Docker's engine running"),
    "status": ("hub.cli.status", "each process: state, user, since when"),
    "logs": ("hub.cli.logs", "[process] [-f]: what the processes wrote"),
    "doctor": (
        "hub.doctor",
        "[--json] [--attack] [--checklist dsh]: try each promise where it runs",
    ),
    "test": ("hub.cli.testing", "[unit|integration|security|browser …] [--keep] [pytest's arguments]"),
    "backup": (
        "hub.cli.backup",
        "FILE --recipient age1…: the state in one sealed file, while sessions run; --new-key FILE",
    ),
    "restore": ("hub.cli.restore", "FILE --key KEYFILE: put a backup in the state's place (--help: more)"),
    "satre": ("hub.satre", "[--into FOLDER]: this software against SATRE v2, each score with its evidence"),
    "rotate": ("hub.cli.rotate", "[NAME…|all]: new keys and tokens, on the ledger; without a name, the list"),
    "vulnerable": (
        "hub.cli.vulnerable",
        "the locked libraries against the list of known holes, by pip-audit",
    ),
    "lock": ("hub.cli.locked", "renew the versions and hashes of the libraries from pyproject.toml"),
    "reset": ("hub.cli.reset", "stop the enclave and remove its state (--yes, --images)"),
}
SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("help", "-h", "--help"):
        print(usage())
        return 0 if words else 2
    name, *rest = words
    if name not in OWN and name not in delegated.COMMANDS:
        print(f"error: there is no command {name!r}\n\n{usage()}", file=sys.stderr)
        return 2
    if rest and rest[0] in ("-h", "--help") and name in ("test", "lock"):
        # These have no options of their own; asking about them must not start them.
        print(f"usage: python3 -m hub {name} {OWN[name][1]}")
        return 0
    prepare_process()
    try:
        if name in delegated.COMMANDS:
            return delegated.run(name, rest)
        status: int = importlib.import_module(OWN[name][0]).run(rest)
        return status
    except StepFailed as failure:
        print(failure.report(), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Somebody read the first lines and left, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        end_children()
        print("\nStopped by you; the same command goes on where it was.", file=sys.stderr)
        return 130


def usage() -> str:
    """Return the list of commands."""
    lines = ["usage: python3 -m hub <command>", ""]
    described = {name: text for name, (_module, text) in OWN.items()}
    described |= {name: command.text for name, command in delegated.COMMANDS.items()}
    lines += [f"  {name:<8} {text}" for name, text in described.items()]
    return "\n".join(lines)


def prepare_process() -> None:
    """Make this process independent of the caller's umask, and of a PATH without Debian's system folders."""
    os.umask(0o022)
    path = os.environ.get("PATH", "")
    missing = [folder for folder in SAFE_PATH.split(":") if folder not in path.split(":")]
    os.environ["PATH"] = ":".join([*([path] if path else []), *missing])
    os.environ.setdefault("HOME", "/root")
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
