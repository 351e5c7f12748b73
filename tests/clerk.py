"""Runs lines against the enclave's own services as the portal's user, without starting Python for each.

Every request is a process of its own, forked from one that has loaded Django and what was imported before:
nothing that one request leaves behind is there for the next.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 120
USER = "parlatory-portal"
# This module itself, which is what the process runs: there it has no file.
SOURCE = Path(__file__).read_text() if "__file__" in globals() else ""


@dataclass
class Clerk:
    """The process that loaded Django once."""

    process: subprocess.Popen[str]
    # What it read when it began; where that has changed another one is needed.
    read: tuple[object, ...] = ()

    @classmethod
    def begun(cls, words: Sequence[str], *, read: tuple[object, ...] = (), **how: Any) -> Clerk:
        """Begin it by a command that has Python run `SOURCE`, and `subprocess`'s own words on how."""
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, **how), read)

    def run(self, code: str) -> tuple[int, str, str]:
        """Run lines and return their exit status and what they printed on either stream."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the clerk ended with {self.process.wait()}"
        status, said, complained = json.loads(line)
        return status, said, complained

    def end(self) -> None:
        """End it."""
        with contextlib.suppress(BrokenPipeError), self.process:
            self.process.kill()


_clerks: dict[str, Clerk] = {}


def run(code: str, *, checkout: Path, state: Path) -> tuple[int, str, str]:
    """Run lines against the services of the enclave with this state, as `Clerk.run` says."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "hub.settings", "HOME": "/nonexistent"}
    env.pop("PYTEST_CURRENT_TEST", None)
    read = (checkout, tuple(sorted(env.items())), tuple(_stamps(state / "secrets")))
    clerk = _clerks.get(str(state))
    if clerk is None or clerk.read != read or clerk.process.poll() is not None:
        end(state)
        own = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--pdeathsig", "KILL"]
        words = [*own, sys.executable, "-c", SOURCE]
        clerk = _clerks[str(state)] = Clerk.begun(words, cwd=checkout, env=env, read=read)
    try:
        return clerk.run(code)
    except BaseException:
        # Whoever was interrupted leaves an answer behind that is nobody else's.
        end(state)
        raise


def end(state: Path) -> None:
    """End the clerk of a state, if there is one; the next request begins another."""
    if clerk := _clerks.pop(str(state), None):
        clerk.end()


@atexit.register
def _end_all() -> None:
    for state in list(_clerks):
        end(Path(state))


def _stamps(folder: Path) -> Iterable[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def serve() -> None:
    """Answer requests, a line each, until nobody can ask any more."""
    import django

    os.umask(0o007)
    django.setup()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        code = json.loads(line)
        # What it imports stays loaded, for the next one that asks for it.
        with contextlib.suppress(ImportError, SyntaxError):
            for node in ast.parse(code).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    exec(compile(ast.Module([node], []), "<imports>", "exec"), {})
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
            child = os.fork()
            if not child:
                _act(code, said.fileno(), complained.fileno())
            _, status = os.waitpid(child, 0)
            said.seek(0)
            complained.seek(0)
            answer = os.waitstatus_to_exitcode(status), said.read(), complained.read()
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


def _act(code: str, said: int, complained: int) -> None:
    signal.alarm(SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(complained, 2)
    status = 1
    try:
        exec(compile(code, "<request>", "exec"), {"__name__": "__main__"})
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - told to whoever asked
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
