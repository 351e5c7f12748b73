"""A process of the enclave without the controls that are named: a fixture's, or the running one's."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

from hub.cli import docker_engine
from hub.places import places
from tests.security.without import removal, running

WATCH_SECONDS = 0.5


def words(*arguments: str, without: str = "") -> list[str]:
    """Return what Python is told to start a process of the enclave: `-m` or `-c` and what belongs to it."""
    names = ",".join(filter(None, (os.environ.get(removal.VARIABLE), without)))
    return ["-m", "tests.security.without.child", names, *arguments] if names else list(arguments)


def main(names: str, kind: str, what: str, *rest: str) -> None:
    """Take the controls away, then be the process; whole again once who wanted it so is gone."""
    names, _, whose = names.partition("@")
    if whose and not running.lives(whose):
        os.execv(sys.executable, [sys.executable, kind, what, *rest])
    if whose:
        threading.Thread(target=watch, args=(whose,), daemon=True).start()
    if "DJANGO_SETTINGS_MODULE" in os.environ and removal.process() in removal.DJANGOS:
        import django

        os.umask(0o007)
        django.setup()
    removal.apply(names)
    sys.argv = [what if kind == "-m" else kind, *rest]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


def watch(whose: str) -> None:
    """End the process when its runner has gone, killed or not: supervisor starts it again, whole."""
    while running.lives(whose):
        time.sleep(WATCH_SECONDS)
    if removal.process() == "engine":
        # They began without their walls; an engine that has them again must not find them.
        for container in docker_engine.containers(places.enclave):
            docker_engine.remove_container(container["Id"])
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(*sys.argv[1:])
