"""Runs inside the enclave's root, as its command line would: what `up` does, without Docker and its images.

Ends when these processes answer, under the users and bounds of the process table; says what does not.
"""

from __future__ import annotations

import json
import sys
import time

from hub.cli import accounts, folders, prepare, programs, stages, supervision, tools
from hub.cli.running import step
from hub.cli.supervision import Supervisor
from hub.places import places

PARTS = ("opa", "proxy", "portal", "hub")


def main() -> None:
    """Prepare the state, the database over there included, and start."""
    logs = places.state / "log"
    with step("Preparation", "preparation", logs) as current:
        accounts.ensure(current)
        folders.ensure(places, current)
        tools.ensure_opa(places, current)
        prepare.secrets(places, current)
        prepare.bundle(places, current)
    stages.database(places)
    prepare.stay_without_demo(places)
    stages.entries(places)
    table = [program for program in programs.table(places) if program.name in PARTS]
    Supervisor(places).start(programs.configuration(places, table))
    checks = {name: check for name, check in supervision.health_checks(places).items() if name in PARTS}
    until = time.monotonic() + 120
    while (lacks := {name: why for name, check in checks.items() if (why := check())}) and (
        time.monotonic() < until
    ):
        time.sleep(0.1)
    sys.stdout.write(json.dumps(lacks) + "\n")


main()
