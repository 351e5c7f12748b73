"""The commands: `states` draws the legal moves, `screen` screens files, `bench` measures how well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from egress_review import diagram

USAGE = """usage: python -m egress_review states [--write]
       python -m egress_review screen PATH… --dataset DIR [--json]
       python -m egress_review index DIR --to FOLDER
       python -m egress_review bench leaks|speed|sounds [--help]
"""


def states(arguments: list[str]) -> int:
    """Print the states, or with --write bring README.md up to date; 1 says that README.md has drifted."""
    if arguments == ["--write"]:
        diagram.write()
        return 0
    sys.stdout.write(diagram.draw() + "\n")
    if diagram.holds():
        return 0
    sys.stderr.write("README.md shows other states: run `python -m egress_review states --write`.\n")
    return 1


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        return _run(arguments)
    except ModuleNotFoundError as error:
        from hub.cli import environment

        lack = environment.lacks(error, Path(__file__).parents[1])
        sys.stderr.write(lack.report() + "\n")
        return 1


def _run(arguments: list[str]) -> int:
    # Arrays are small here: threads of the numeric libraries cost more than they bring. They look for this
    # when they are loaded, which is below.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_THREAD_LIMIT"):
        os.environ.setdefault(variable, "1")
    match arguments:
        case ["states", *rest]:
            return states(rest)
        case ["screen", *rest]:
            # Imported only here: its parsers are heavy, and drawing states needs none of them.
            from egress_review.screening import command

            return command.main(rest)
        case ["index", *rest]:
            from egress_review.screening import indexing

            return indexing.main(rest)
        case ["bench", *rest]:
            from egress_review.bench import command as bench

            return bench.main(rest)
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
