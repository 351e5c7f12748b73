"""A process of the enclave, started by a fixture, without the control that the environment names."""

from __future__ import annotations

import os
import runpy
import sys

from tests.security.without import removal


def words(*arguments: str) -> list[str]:
    """Return what Python is told to start a process of the enclave: `-m` or `-c` and what belongs to it."""
    if removal.VARIABLE not in os.environ:
        return list(arguments)
    return ["-m", "tests.security.without.child", *arguments]


def environment() -> dict[str, str]:
    """Return what a process needs of the environment to be without a control."""
    return {name: os.environ[name] for name in (removal.VARIABLE,) if name in os.environ}


def main(arguments: list[str]) -> None:
    """Take the control away, then be the process."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        import django

        os.umask(0o007)
        django.setup()
    removal.apply()
    kind, what, *rest = arguments
    sys.argv = [what if kind == "-m" else "-c", *rest]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - a fixture's own lines


if __name__ == "__main__":
    main(sys.argv[1:])
