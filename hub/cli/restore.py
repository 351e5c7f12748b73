"""`restore`: put a backup in the place of the state, on this machine or a new one; then `up` starts it."""

from __future__ import annotations

from hub.cli import backup, preflight, stages, up
from hub.cli.running import StepFailed
from hub.cli.supervision import Supervisor
from hub.places import places


def run(arguments: list[str]) -> int:
    """Prepare the machine as `up` does, then restore; an enclave that runs is never replaced."""
    if not arguments or arguments[0] in ("-h", "--help"):
        return backup.call(["restore", "--help"])
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    if Supervisor(places).runs():
        raise StepFailed("the enclave is running", fix="`python3 -m hub down` stops it; then restore")
    with up.only_one(places):
        stages.machine(places)
        return backup.call(["restore", *arguments])
