"""The policy engine while the demo is put in: the enclave's own when it runs, else one for that time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from hub.cli import programs
from hub.demo import accounts
from hub.errors import Unavailable
from hub.places import USERS, Places

READY_SECONDS = 20


@contextmanager
def answering(places: Places) -> Iterator[None]:
    """Have the policies answer on this machine inside the block, and as before after it."""
    if _healthy(places):
        yield
        return
    started = subprocess.Popen(
        [sys.executable, "-m", "hub.policy", "serve"],
        cwd=programs.checkout(places),
        env=programs.environment(places, "opa"),
        stdout=subprocess.DEVNULL,
        **accounts.of(USERS["opa"]),
    )
    try:
        _wait(places, started)
        yield
    finally:
        started.terminate()
        started.wait()


def _wait(places: Places, started: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while not _healthy(places):
        if started.poll() is not None or time.monotonic() > until:
            raise Unavailable(
                "the policy engine does not answer, and the demo's approvals are asked of it; "
                "`python3 -m hub up` builds the policies and says what is wrong with them"
            )
        time.sleep(0.1)


def _healthy(places: Places) -> bool:
    try:
        return httpx.get(f"{places.url('opa')}/health?bundles", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
