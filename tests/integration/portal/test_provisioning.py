"""What a page says of running sessions before a change is what the next lease does after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.access import approvals, requests
from hub.access.models import AccessRequest, Approval
from hub.affected import Affected
from hub.errors import Refused
from hub.ledger.models import Entry
from hub.people import services as people
from hub.people.models import Person, Role, RoleAssignment
from hub.projects import services as projects
from hub.projects.models import MemberRole, Membership, Project
from hub.provisioning import effects
from hub.workspaces import leases
from hub.workspaces.models import Session
from tests import portal
from tests.portal import RemoteStandIn

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """Two people at work in one project, and a third in another."""

    rosa: Person
    tom: Person
    stef: Person
    ada: Person
    project: Project
    approval: Approval


@pytest.fixture
def world(remote: RemoteStandIn) -> World:
    rosa = portal.person("rosa", Role.RESEARCHER)
    tom = portal.person("tom", Role.RESEARCHER, Role.PROJECT_LEAD)
    ada = portal.person("ada", Role.ADMIN, second_factor=True)
    project = portal.project(member=rosa)
    Membership.objects.create(project=project, person=tom, role=MemberRole.PROJECT_LEAD.value)
    approval = portal.approval(project, portal.version(), signed_by=rosa)
    approval.version.dataset.agreements.get().signatures.create(person=tom)
    other = portal.project("other", member=portal.person("zoe", Role.RESEARCHER))
    zoe = Person.objects.get(name="Zoe")
    portal.approval(other, portal.version("second"), signed_by=zoe)
    for who, where in ((rosa, project), (tom, project), (zoe, other)):
        portal.session(where, who)
    return World(rosa, tom, approval.version.dataset.steward, ada, project, approval)


def edited(world: World, **changes: Any) -> dict[str, Any]:
    project = world.project
    names = ("title", "purpose", "opens_on", "closes_on", "summary")
    return {**{name: getattr(project, name) for name in names}, **changes}


def dates(**changes: Any) -> dict[str, Any]:
    return {name: changes[name] for name in ("purpose", "opens_on", "closes_on")}


def membership(world: World) -> Membership:
    return Membership.objects.get(person=world.rosa)


Told = Callable[[World], list[Affected]]
Done = Callable[[World], Any]
CHANGES: dict[str, tuple[Told, Done, set[str]]] = {
    "project suspended": (
        lambda world: effects.of_stopping_project(world.project),
        lambda world: projects.suspend(by=world.ada, project=world.project, reason="drill"),
        {"Rosa", "Tom"},
    ),
    "project closed": (
        lambda world: effects.of_stopping_project(world.project),
        lambda world: projects.close(by=world.ada, project=world.project),
        {"Rosa", "Tom"},
    ),
    "another purpose": (
        lambda world: effects.of_editing(world.project, **dates(**edited(world, purpose="advertising"))),
        lambda world: projects.edit(
            by=world.ada, project=world.project, **edited(world, purpose="advertising")
        ),
        {"Rosa", "Tom"},
    ),
    "over yesterday": (
        lambda world: effects.of_editing(world.project, **dates(**edited(world, closes_on=portal.days(-1)))),
        lambda world: projects.edit(
            by=world.ada, project=world.project, **edited(world, closes_on=portal.days(-1))
        ),
        {"Rosa", "Tom"},
    ),
    "another title": (
        lambda world: effects.of_editing(world.project, **dates(**edited(world, title="Else"))),
        lambda world: projects.edit(by=world.ada, project=world.project, **edited(world, title="Else")),
        set(),
    ),
    "longer": (
        lambda world: effects.of_editing(world.project, **dates(**edited(world, closes_on=portal.days(200)))),
        lambda world: projects.edit(
            by=world.ada, project=world.project, **edited(world, closes_on=portal.days(200))
        ),
        set(),
    ),
    "other limits": (
        lambda world: [],
        lambda world: projects.set_limits(by=world.ada, project=world.project, values={"pids": 99}),
        set(),
    ),
    "a member leaves": (
        lambda world: effects.of_leaving(world.project, world.rosa),
        lambda world: projects.end_membership(by=world.ada, membership=membership(world)),
        {"Rosa"},
    ),
    "a person suspended": (
        lambda world: effects.of_stopping_person(world.tom),
        lambda world: people.suspend(by=world.ada, person=world.tom, reason="drill"),
        {"Tom"},
    ),
    "an account closed": (
        lambda world: effects.of_stopping_person(world.rosa),
        lambda world: people.deactivate(by=world.ada, person=world.rosa, reason="left"),
        {"Rosa"},
    ),
    "the only role ends": (
        lambda world: effects.of_role(world.rosa, Role.RESEARCHER, ends=True),
        lambda world: people.end_role(by=world.ada, person=world.rosa, role=Role.RESEARCHER),
        {"Rosa"},
    ),
    "one of two roles ends": (
        lambda world: effects.of_role(world.tom, Role.RESEARCHER, ends=True),
        lambda world: people.end_role(by=world.ada, person=world.tom, role=Role.RESEARCHER),
        set(),
    ),
    "a role is given": (
        lambda world: effects.of_role(world.rosa, Role.AUDITOR, ends=False),
        lambda world: people.assign_role(by=world.ada, person=world.rosa, role=Role.AUDITOR),
        set(),
    ),
    "an approval revoked": (
        lambda world: effects.of_revoking(world.approval),
        lambda world: approvals.revoke(by=world.stef, approval=world.approval, reason="consent"),
        {"Rosa", "Tom"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_sessions_that_end_are_those_that_were_named(change: str, world: World) -> None:
    told, done, expected = CHANGES[change]
    named = {one.name.partition("’s session")[0] for one in told(world) if "’s session" in one.name}
    assert all(lease.live for lease in leases.renew(reports={}, at=datetime.now(UTC)))
    done(world)
    renewed = leases.renew(reports={}, at=datetime.now(UTC))
    ended = {Person.objects.get(pk=lease.person).name for lease in renewed if not lease.live}
    assert named == ended == expected


def test_an_earlier_end_of_a_role_names_what_it_ends_at_midnight(world: World) -> None:
    Session.objects.update(expires_at=datetime.now(UTC) + timedelta(days=3))
    longer = portal.days(1)
    role = RoleAssignment.objects.filter(role=Role.RESEARCHER.value)

    def named(person: Person, until: date) -> list[str]:
        told = effects.of_role(person, Role.RESEARCHER, ends=False, until=until)
        return [one.name for one in told if "’s session" in one.name and "midnight" in one.effect]

    assert named(world.rosa, portal.TODAY()) == ["Rosa’s session in Vowels"]
    assert named(world.rosa, longer) == ["Rosa’s session in Vowels"]
    # Beyond what the session may last, and for whom the role changes nothing, no session is named.
    assert named(world.rosa, portal.days(9)) == []
    assert named(world.tom, portal.TODAY()) == []
    # A role that ends as early already is no news.
    role.update(valid_until=portal.TODAY())
    assert named(world.rosa, longer) == []
    assert not Entry.objects.exists()


def test_asking_who_is_affected_changes_and_records_nothing(world: World) -> None:
    for told, _, _ in CHANGES.values():
        told(world)
    assert not Entry.objects.exists()
    assert all(lease.live for lease in leases.renew(reports={}, at=datetime.now(UTC)))


def test_a_lead_asks_and_only_the_steward_answers(world: World) -> None:
    wanted = {"project": world.project, "until": portal.days(20), "reason": "Vowels."}
    version = portal.version("third", steward=world.stef)
    for other in (world.rosa, world.ada, world.stef):
        with pytest.raises(Refused, match="do not lead"):
            requests.ask(by=other, version=version, **wanted)
    request = requests.ask(by=world.tom, version=version, **wanted)
    for other in (world.rosa, world.tom, world.ada):
        with pytest.raises(Refused, match="Only the data steward"):
            requests.refuse(by=other, request=request, reason="no")
    with pytest.raises(Refused, match="project's last day"):
        requests.ask(by=world.tom, version=version, **{**wanted, "until": portal.days(900)})
    requests.refuse(by=world.stef, request=request, reason="Not for this.")
    assert AccessRequest.objects.get().answer == "Not for this."
