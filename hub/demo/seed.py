"""Putting the demo in: speech and passwords as root, the database as the portal's own user."""

from __future__ import annotations

import subprocess
import sys

from hub.cli import programs
from hub.demo import accounts, credentials, data, rules
from hub.demo.data import Say
from hub.errors import Unavailable
from hub.places import USERS, Places


def run(places: Places, *, say: Say) -> None:
    """Put in what is missing of the demo; a second run changes nothing."""
    data.build(places.state / "datasets", cache=places.tools / data.CACHE, say=say)
    people = credentials.complete(places.state)
    with rules.answering(places):
        done = subprocess.run(
            [sys.executable, "-m", "hub.demo", "stage"],
            input=people.model_dump_json().encode(),
            cwd=programs.checkout(places),
            env=programs.environment(places, "portal"),
            umask=0o007,
            check=False,
            **accounts.of(USERS["portal"]),
        )
    if done.returncode:
        raise Unavailable("the demo's people and projects could not be put in; the reason stands above")
    if people.new:
        # Kept last: whatever was interrupted before is done again, with passwords that are then new.
        credentials.keep(places.state, people)
