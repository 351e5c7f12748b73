"""Screens as the screener container does: `python -m egress_review.screening /in /out /index`."""

from __future__ import annotations

import sys
from pathlib import Path

from egress_review.screening.isolation import closed
from egress_review.screening.protocol import answer, ask

USAGE = "usage: python -m egress_review.screening IN OUT INDEX\n"


def main(arguments: list[str]) -> int:
    """Screen IN/request.json into OUT/verdict.json and copies; return 0 whenever a verdict was written."""
    if len(arguments) != 3:
        sys.stderr.write(USAGE)
        return 2
    closed()
    source, target, indexes = map(Path, arguments)
    request = ask(source, indexes)
    answer(request, source, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
