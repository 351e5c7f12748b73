"""Projects: legal moves, members, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub import images
from hub.errors import Invalid, Refused, Unavailable, WrongState
from hub.people.models import Person, Role
from hub.projects import services
from hub.projects.models import LEGAL_MOVES, MemberRole, Membership, Project, ProjectState
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


EDITS: dict[str, Any] = {
    "title": "Other vowels",
    "purpose": "phonetics",
    "opens_on": portal.days(-5),
    "closes_on": portal.days(50),
    "summary": "What is asked.",
}


def test_an_edit_changes_what_was_said_and_nothing_else(admin: Person) -> None:
    project = portal.project()
    services.edit(by=admin, project=project, **EDITS)
    edited = Project.objects.get()
    assert {name: getattr(edited, name) for name in EDITS} == EDITS and edited.row_version == 1
    services.edit(by=admin, project=project, **EDITS)
    assert Project.objects.get().row_version == 1, "the same again changes nothing"


@pytest.mark.parametrize("changes", [{"title": " "}, {"purpose": ""}, {"closes_on": portal.days(-9)}])
def test_an_edit_that_cannot_be_changes_nothing(changes: dict[str, Any], admin: Person) -> None:
    with pytest.raises(Invalid):
        services.edit(by=admin, project=portal.project(), **{**EDITS, **changes})
    assert Project.objects.get().row_version == 0


def test_nobody_joins_a_closed_project(admin: Person) -> None:
    with pytest.raises(WrongState, match="nobody joins"):
        services.add_member(by=admin, project=portal.project(state="closed"), person=portal.person("rosa"))


STALE: dict[str, Callable[[Person, Project], Any]] = {
    "edit": lambda by, project: services.edit(by=by, project=project, seen=0, **EDITS),
    "set_limits": lambda by, project: services.set_limits(
        by=by, project=project, values={"pids": 300}, seen=0
    ),
}


@pytest.mark.parametrize("act", STALE)
def test_a_stale_page_changes_nothing(act: str, admin: Person) -> None:
    project = portal.project()
    services.suspend(by=admin, project=project, reason="meanwhile")
    with pytest.raises(WrongState, match="since you loaded the page"):
        STALE[act](admin, project)
    assert Project.objects.get().row_version == 1


@pytest.mark.parametrize("act", STALE)
def test_a_closed_project_is_not_changed(act: str, admin: Person) -> None:
    project = portal.project(state="closed")
    with pytest.raises(WrongState, match="is closed"):
        STALE[act](admin, project)


@pytest.mark.parametrize(
    "values",
    [
        {"memory_bytes": 1},
        {"memory_bytes": 2**60},
        {"memory_bytes": 2.5e9 + 0.5},
        {"cpus": float("nan")},
        {"cpus": float("inf")},
        {"cpus": 0},
        {"pids": True},
        {"pids": "256"},
        {"home_bytes": -1},
        {"budget_bytes_per_day": 2**40},
        {"idle_seconds": 1},
        {"idle_seconds": 9 * 3600},
        {"session_seconds": 900},
        {"row_version": 9},
        {"is_demo": True},
        {"image": "workspace-none"},
        {"image": "../../etc/passwd"},
        {"image": "screener"},
        {"image": "parlatory/workspace:latest"},
    ],
    ids=str,
)
def test_a_limit_outside_what_the_engine_takes_is_refused(values: dict[str, Any], admin: Person) -> None:
    with pytest.raises(Invalid):
        services.set_limits(by=admin, project=portal.project(), values=values)
    assert Project.objects.get().row_version == 0


def test_a_built_image_can_be_chosen_and_no_other(
    admin: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "places", replace(images.places, state=tmp_path))
    (tmp_path / "images").mkdir()
    for name in ("base", "screener", "workspace", "workspace-r", "workspace-r.new"):
        (tmp_path / "images" / name).write_text(f"parlatory/{name}:0123\n")
    project = portal.project()
    assert images.choices() == ["workspace", "workspace-r"]
    services.set_limits(by=admin, project=project, values={"image": "workspace-r", "pids": 128})
    assert (Project.objects.get().image, Project.objects.get().pids) == ("workspace-r", 128)
    assert images.tag("workspace-r") == "parlatory/workspace-r:0123"
    for other in ("screener", "base", "workspace-", "workspace-r.new", "workspace-x"):
        with pytest.raises(Unavailable):
            images.tag(other)


def test_a_members_part_is_changed_once_by_who_saw_it(admin: Person) -> None:
    membership = services.add_member(by=admin, project=portal.project(), person=portal.person("rosa"))
    change = {"role": MemberRole.PROJECT_LEAD, "valid_until": portal.days(9)}
    services.change_membership(by=admin, membership=membership, seen=0, **change)
    now = Membership.objects.get()
    assert (now.role, now.valid_until) == ("project_lead", portal.days(9))
    with pytest.raises(WrongState, match="since you loaded"):
        services.change_membership(by=admin, membership=membership, seen=0, **change)
    services.end_membership(by=admin, membership=now)
    with pytest.raises(WrongState, match="no longer a member"):
        services.change_membership(by=admin, membership=now, **change)
