"""Each control that is taken away for the table of controls is there to be taken away."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.security.without import attacks

REMOVE = """
import django, os
django.setup()
from tests.security.without.removal import PARTS, removals
for part in PARTS:
    for name, one in removals(part).items():
        child = os.fork()
        if child == 0:
            try:
                one.remove()
            except BaseException as error:
                print(f"{part}:{name} {error!r}", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
print("all tried")
"""


def test_every_removal_finds_the_control_that_it_takes_away() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REMOVE],
        cwd=attacks.TESTS.parent,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "hub.settings"},
        capture_output=True,
        text=True,
    )
    assert ran.stdout == "all tried\n", ran.stderr[-2000:]
