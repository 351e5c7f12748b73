"""A process of the enclave, started by a fixture, without the controls that are named."""

from __future__ import annotations

import os
import runpy
import sys

from tests.security.without import removal


def words(*arguments: str, without: str = "") -> list[str]:
    """Return what Python is told to start a process of the enclave: `-m` or `-c` and what belongs to it."""
    names = ",".join(filter(None, (os.environ.get(removal.VARIABLE), without)))
    return ["-m", "tests.security.without.child", names, *arguments] if names else list(arguments)


def main(names: str, kind: str, what: str, *rest: str) -> None:
    """Take the controls away, then be the process."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        import django

        os.umask(0o007)
        django.setup()
    removal.apply(names)
    sys.argv = [what if kind == "-m" else kind, *rest]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main(*sys.argv[1:])
