"""`python -m hub.datasets FOLDER`: examine a folder; progress and the report are lines of JSON.

A process of its own, because it reads files that nobody has judged yet, with limits that a fault can't pass.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from hub.datasets.examination import examine
from hub.errors import ParlatoryError

MOST_MEMORY_BYTES = 4 << 30
SAY_SECONDS = 0.5


class _Teller:
    """Says how far the examination is, not too often."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: int, of: int) -> None:
        """Say it, unless something was said just now."""
        if done == of > 0 or time.monotonic() - self._said > SAY_SECONDS:
            self._said = time.monotonic()
            print(json.dumps({"done": done, "of": of}), flush=True)  # noqa: T201  # the command\'s answer


def main(arguments: list[str]) -> int:
    """Examine one folder."""
    if len(arguments) != 1:
        print("usage: python -m hub.datasets FOLDER", file=sys.stderr)  # noqa: T201  # the command\'s answer
        return 2
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    # It reads and prints; it has nothing to write into a file, and its memory is left nowhere.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        report = examine(Path(arguments[0]), progress=_Teller()).as_json()
    except ParlatoryError as error:
        print(str(error), file=sys.stderr)  # noqa: T201  # the command\'s answer
        return 1
    print(json.dumps({"report": report}), flush=True)  # noqa: T201  # the command\'s answer
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
