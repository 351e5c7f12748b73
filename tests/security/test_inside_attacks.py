"""Every inside attack of `doctor --attack`, on a session of a scratch engine: each fails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from hub.attacks import bait
from hub.attacks.attack import Attack
from hub.attacks.catalogue import ATTACKS
from hub.grant import Grant
from tests.engine_room import MIB, Room

pytest_plugins = ["tests.engine_fixtures"]


BAITED = {
    "shared-memory-segment",
    "host-shm",
    "message-queue",
    "abstract-socket",
    "socket-names",
    "ipc-tables",
}

NAMES = [f"{attack.area.replace(' ', '-')}:{attack.name}" for attack in ATTACKS]


@pytest.fixture(scope="module")
def laid() -> Iterator[None]:
    """The bait on the host, while the attacks of this file run."""
    with bait.laid():
        yield


@pytest.fixture(scope="module")
def grant(room: Room, laid: None) -> Iterator[Grant]:
    """A running session that the attacks share."""
    with room.session(memory_bytes=256 * MIB, home_bytes=64 * MIB) as running:
        yield running


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_an_inside_attack_fails(room: Room, grant: Grant, attack: Attack) -> None:
    said = room.inside(grant, attack.code)
    assert attack.has_failed(said), f"{attack.tries}: it says {said!r}"


def test_the_bait_is_taken_on_the_host(laid: None) -> None:
    # Here each of these succeeds; or failing inside would show nothing.
    baited = [attack for attack in ATTACKS if attack.name in BAITED]
    assert len(baited) == len(BAITED)
    for attack in baited:
        ran = subprocess.run([sys.executable, "-c", attack.code], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        assert not attack.has_failed(ran.stdout), f"{attack.name}: {ran.stdout}"
