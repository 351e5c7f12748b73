"""Every role × every act on people, projects and access, asked of the real policies; denials first."""

from __future__ import annotations

import pytest

from tests.integration import truth
from tests.integration.portal import who_may
from tests.integration.portal.who_may import ACTORS, ACTS, ALLOWED, INSIDE, World
from tests.portal import RemoteStandIn

pytestmark = pytest.mark.django_db


def let(name: str, actor: str, world: World) -> bool:
    """Return whether the policies let an actor act; what was done is taken back."""
    return truth.let(lambda: ACTS[name](world.actors[actor], world))


@pytest.mark.parametrize("name", ACTS)
def test_nobody_is_let_do_what_is_not_theirs(name: str, remote: RemoteStandIn) -> None:
    world = who_may.world()
    denied = [actor for actor in ACTORS if actor not in ALLOWED[name]]
    assert [actor for actor in denied if let(name, actor, world)] == []


@pytest.mark.parametrize("name", [name for name in ACTS if ALLOWED[name]])
def test_who_may_do_it_is_let(name: str, remote: RemoteStandIn) -> None:
    world = who_may.world()
    assert [actor for actor in ACTORS if actor in ALLOWED[name] and not let(name, actor, world)] == []


def test_the_table_holds_every_service_in_which_somebody_acts() -> None:
    tried = {name.split()[0] for name in ACTS} | {"records.open_for"}
    assert who_may.services() - INSIDE - tried == set()
    assert (tried | INSIDE) - who_may.services() <= {"records.open_for"}


def test_the_written_table_says_what_is_tried() -> None:
    said = "policies/who-may.md is old: `python -m tests.integration.portal` writes it anew"
    assert who_may.TABLE.read_text(encoding="utf-8") == who_may.table(), said
