"""Start the gate: `python -m hub.gate`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from hub.gate.app import serve
from hub.places import MissingSecret, places


def main() -> int:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        asyncio.run(serve(places))
    except MissingSecret as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
