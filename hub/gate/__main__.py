"""Start the gate: `python -m hub.gate`."""

from __future__ import annotations

import asyncio
import signal
import sys

from hub import trace
from hub.gate.app import serve
from hub.places import MissingSecret, places


def main() -> int:
    """Serve until told to stop."""
    trace.configure()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        asyncio.run(serve(places))
    except MissingSecret as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
