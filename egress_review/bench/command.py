"""`python3 -m egress_review bench …`: one measurement a name, each imported only when asked for."""

from __future__ import annotations

import importlib
import sys

# Each module has `main(arguments) -> exit code`.
BENCHES = {
    "leaks": "egress_review.bench.leaks",
    "speed": "egress_review.bench.speed",
    "sounds": "egress_review.bench.sounds",
}


def main(arguments: list[str]) -> int:
    """Run the measurement that is named first; 2 where there is none of that name."""
    if not arguments or arguments[0] not in BENCHES:
        sys.stderr.write(f"usage: python3 -m egress_review bench {'|'.join(BENCHES)} [--help]\n")
        return 2
    status: int = importlib.import_module(BENCHES[arguments[0]]).main(arguments[1:])
    return status
