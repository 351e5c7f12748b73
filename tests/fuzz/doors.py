"""`python -m tests.fuzz.doors [gate|engine] --cases N --seed N`: malformed bytes at both doors."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.fuzz import engine, gate
from tests.fuzz.trial import Report

DOORS: dict[str, Callable[..., Report]] = {"gate": gate.run, "engine": engine.run}


def main() -> int:
    """Try the doors; exit with 1 where one failed, or let something through."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.doors", description=__doc__)
    parser.add_argument("door", nargs="*", choices=[*DOORS, []], help="both if none is named")
    parser.add_argument("--cases", type=int, default=2400, help="for each door (2400)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same cases (1)")
    parser.add_argument("--start", type=int, default=0, help="begin at this case, to replay a batch (0)")
    options = parser.parse_args()
    wrong = 0
    for name in options.door or DOORS:
        began = time.monotonic()
        report = DOORS[name](seed=options.seed, count=options.cases, start=options.start)
        sys.stdout.write(f"{name}, seed {options.seed}, {time.monotonic() - began:.0f} s: {report.line()}\n")
        sys.stdout.write("".join(f"  {fault}\n" for fault in report.faults))
        wrong += len(report.faults)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
