"""`python -m hub.doctor.rounds`: looks at every promise again and again, and keeps what it found.

It runs as root, as the checks need it, beside the engine; it listens to nobody and takes no orders.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from hub import doctor, trace
from hub.cli import programs, supervision
from hub.cli.supervision import Supervisor
from hub.doctor import standing
from hub.places import Places, places

log = logging.getLogger("parlatory.doctor")

ASK_SECONDS = 1.0


def look(where: Places) -> float:
    """Look at every promise, keep what was found, and return the seconds until the next look."""
    began = time.monotonic()
    results = list(doctor.examine(doctor.PROMISES, where))
    took = time.monotonic() - began
    standing.keep(where, results, at=datetime.now(UTC), took_seconds=took)
    wrong = [result for result in results if not result["ok"]]
    for one in wrong:
        log.error("promise_broken promise=%s detail=%s", one["name"], one["detail"])
    log.info("promises_looked_at promises=%s broken=%s seconds=%s", len(results), len(wrong), round(took, 1))
    return standing.pause_seconds(took, ok=not wrong)


def wait_until_ready(where: Places, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until every part answers, or long enough: what never starts is then found broken."""
    checks = supervision.health_checks(where)
    until = time.monotonic() + supervision.HEALTHY_SECONDS
    while time.monotonic() < until:
        running = [one.name for one in Supervisor(where).processes() if one.state == "RUNNING"]
        if set(running) >= set(programs.NAMES) and not any(check() for check in checks.values()):
            return
        sleep(ASK_SECONDS)


def main() -> None:
    """Look for ever; whoever waits for a page comes first."""
    trace.configure()
    os.nice(19)
    # What this process starts as other users are not processes of the table.
    os.environ.pop(programs.MARK, None)
    wait_until_ready(places)
    while True:
        time.sleep(look(places))


if __name__ == "__main__":
    main()
