"""`python3 -m hub …`: the command line; it starts on any Python and says when that one is too old."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # the point is to answer an old Python with a sentence
    sys.exit(
        "error: Parlatory needs Python 3.11 or newer, this is "
        + sys.version.split()[0]
        + "; on Debian 12 or 13 run `/usr/bin/python3 -m hub …`"
    )

from hub.cli import main

if __name__ == "__main__":
    sys.exit(main())
