"""`python -m hub.cli.within MODULE …`: a part's command line; a sentence where a library is missing."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from hub.cli import environment


def main(arguments: list[str]) -> int:
    """Run a module as `python -m` would; a library that is not there is said, not shown as a trace."""
    module, *words = arguments
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        sys.stderr.write(environment.lacks(error, Path(__file__).parents[2]).report() + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
