"""Kill for as long as it takes: `python -m tests.chaos --points 2000 --seed 7`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos import points, run, world

# What the processes of the last run said.
LOG = Path(tempfile.gettempdir()) / "parlatory-chaos.log"


def main() -> int:
    """Run the points of a seed on a small enclave; 1 if a promise broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--quiet", action="store_true")
    given = parser.parse_args()
    seed = points.seed() if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory(prefix="plt-") as folder, world.opened(Path(folder)) as made:
        try:
            report = run.run(made, points.plan(seed, given.points), seed=seed, aloud=not given.quiet)
        finally:
            shutil.copyfile(made.stage.state / "processes.log", LOG)
    sys.stdout.write(report.text() + "\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
