"""Every role × every act on submissions, through the real services and policies; denials first."""

from __future__ import annotations

import pytest

from egress_review.vault import Vault
from tests.integration import truth
from tests.integration.review import who_may
from tests.integration.review.who_may import ACTORS, ACTS, ALLOWED, World

# Taking back one's own word, which nobody else has; and `release`, by the name of whoever voted last.
INSIDE = {"assignments.give_back", "releases.attempt"}

pytestmark = pytest.mark.django_db


def let(name: str, actor: str, world: World) -> bool:
    """Return whether the policies let an actor act; what was done is taken back."""
    return truth.let(lambda: ACTS[name](world.actors[actor], world))


@pytest.mark.parametrize("name", ACTS)
def test_nobody_is_let_do_what_is_not_theirs(name: str, vault: Vault) -> None:
    world = who_may.world(vault)
    denied = [actor for actor in ACTORS if actor not in ALLOWED[name]]
    assert [actor for actor in denied if let(name, actor, world)] == []


@pytest.mark.parametrize("name", [name for name in ACTS if ALLOWED[name]])
def test_who_may_do_it_is_let(name: str, vault: Vault) -> None:
    world = who_may.world(vault)
    assert [actor for actor in ACTORS if actor in ALLOWED[name] and not let(name, actor, world)] == []


def test_the_table_speaks_of_every_actor_and_act() -> None:
    assert set(ALLOWED) == set(ACTS)
    assert set().union(*ALLOWED.values()) <= set(ACTORS)


def test_the_table_holds_every_service_in_which_somebody_acts() -> None:
    assert who_may.services() - {name.split()[0] for name in ACTS} == INSIDE


def test_the_written_table_says_what_is_tried() -> None:
    said = "policies/who-may-submissions.md is old: `python -m tests.integration.review` writes it anew"
    assert who_may.TABLE.read_text(encoding="utf-8") == who_may.table(), said
