"""Forks the processes of the small enclave: Django starts once, so that a killed one is back at once.

Each line on standard input is a wish, each line on standard output its answer, both JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Fork what is wished for until nobody wishes any more."""
    import django

    os.umask(0o007)
    django.setup()
    from django.db import connections

    # Imported before the first fork, so that none has to.
    for name in ("egress_review.door", "hub.urls", "hub.wsgi", "tests.chaos.invariants"):
        import_module(name)
    import_module("tests.unit.egress_review.factories")
    from tests.chaos import arms, roles

    roles.hurry()
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _answer({"ready": True})
    for line in sys.stdin:
        wish = json.loads(line)
        if "role" in wish:
            _answer({"pid": _forked(lambda wish=wish: _be(wish["role"]))})
        elif "ask" in wish:
            _answer({"pid": _forked(lambda wish=wish: _reply(wish["ask"], Path(wish["into"])))})
        else:
            arms.arm(**wish["arm"])
            _answer({})


def _forked(act: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    # The nursery's end is theirs, and the nursery's own pipes are not.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = 1
    try:
        act()
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, a fork must not return into the nursery
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _be(role: str) -> None:
    from tests.chaos import arms, roles

    arms.arm(role, "", 0)
    arms.place(role)
    roles.ROLES[role]()


def _reply(code: str, into: Path) -> None:
    known: dict[str, Any] = {}
    exec("from tests.unit.egress_review.factories import *", known)
    try:
        exec(code, known)
        said = {"answer": known["answer"]}
    except Exception:  # noqa: BLE001 - whatever it is, the asker is told
        said = {"failed": traceback.format_exc()}
    into.write_text(json.dumps(said, default=str))


def _answer(document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
