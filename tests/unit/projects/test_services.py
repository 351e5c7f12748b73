"""Projects: legal moves, members, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import Invalid, Refused, WrongState
from hub.people.models import Person, Role
from hub.projects import services
from hub.projects.models import LEGAL_MOVES, Membership, Project, ProjectState
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db

MOVES: dict[ProjectState, Callable[..., None]] = {
    ProjectState.OPEN: services.open,
    ProjectState.CLOSED: services.close,
}


@pytest.fixture
def admin(policies: Policies) -> Person:
    return portal.person("ada", Role.ADMIN)


@pytest.mark.parametrize("to", MOVES)
@pytest.mark.parametrize("state", list(ProjectState))
def test_a_project_moves_only_where_it_legally_can(
    state: ProjectState, to: ProjectState, admin: Person
) -> None:
    project = portal.project(state=state.value)
    if to in LEGAL_MOVES[state]:
        MOVES[to](by=admin, project=project)
        assert Project.objects.get().state == to
    else:
        with pytest.raises(WrongState, match=f"is {state.value}; it can’t become {to.value}"):
            MOVES[to](by=admin, project=project)


ACTS: dict[str, Callable[[Person, Project], Any]] = {
    "open": lambda by, project: services.open(by=by, project=project),
    "suspend": lambda by, project: services.suspend(by=by, project=project, reason="drill"),
    "add_member": lambda by, project: services.add_member(by=by, project=project, person=by),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_denied_change_of_a_project_changes_nothing(act: str, admin: Person, policies: Policies) -> None:
    project = portal.project(state="proposed")
    policies.deny("manage_project")
    with pytest.raises(Refused):
        ACTS[act](admin, project)
    assert Project.objects.get().row_version == 0 and not Membership.objects.exists()


def test_a_membership_is_ended_once_and_can_begin_again(admin: Person) -> None:
    project, who = portal.project(), portal.person("rosa")
    membership = services.add_member(by=admin, project=project, person=who)
    with pytest.raises(WrongState, match="already a member"):
        services.add_member(by=admin, project=project, person=who)
    services.end_membership(by=admin, membership=membership)
    with pytest.raises(WrongState, match="no longer a member"):
        services.end_membership(by=admin, membership=membership)
    services.add_member(by=admin, project=project, person=who)
    assert Membership.objects.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": "../x"},
        {"slug": "x" * 31},
        {"slug": "Ä"},
        {"closes_on": portal.days(-99)},
        {"limits": {"is_demo": True}},
    ],
)
def test_a_proposal_that_cannot_work_is_refused_with_a_sentence(
    changes: dict[str, Any], admin: Person
) -> None:
    given = {
        "slug": "new",
        "title": "New",
        "purpose": "p",
        "opens_on": portal.days(0),
        "closes_on": portal.days(9),
    }
    with pytest.raises(Invalid):
        services.propose(by=admin, **{**given, **changes})
