"""Each flaw refuses a start and each revocation ends a session, by the real policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub import policy
from hub.access import agreements, approvals
from hub.access.models import AgreementSignature, Approval
from hub.datasets import services as datasets
from hub.errors import Refused
from hub.people import services as people
from hub.people.models import Person, Role, Training
from hub.people.standing import admit
from hub.policy import questions
from hub.policy.client import Policy
from hub.projects import services as projects
from hub.projects.models import Membership, Project
from hub.workspaces import facts, grants, leases, sessions
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """One project in which everything is in order."""

    rosa: Person
    stef: Person
    ada: Person
    project: Project
    approval: Approval


@pytest.fixture
def world(remote: RemoteStandIn) -> World:
    rosa = portal.person("rosa", Role.RESEARCHER)
    ada = portal.person("ada", Role.ADMIN, second_factor=True)
    project = portal.project(member=rosa)
    approval = portal.approval(project, portal.version(), signed_by=rosa)
    return World(rosa, approval.version.dataset.steward, ada, project, approval)


def test_what_is_prolonged_goes_on_with_the_day_that_would_have_ended_it(world: World) -> None:
    session, tomorrow = portal.session(world.project, world.rosa), datetime.now(UTC) + timedelta(days=1)
    session.expires_at = tomorrow + timedelta(hours=1)
    Approval.objects.update(until=portal.days(0))
    assert not policy.ask(facts.go_on(session, at=tomorrow)).allow
    world.approval.refresh_from_db()
    approvals.prolong(by=world.stef, approval=world.approval, until=portal.days(40), conditions="")
    assert policy.ask(facts.go_on(session, at=tomorrow)).allow
    # It never goes beyond the project's last day.
    with pytest.raises(Refused, match="last day"):
        approvals.prolong(by=world.stef, approval=world.approval, until=portal.days(101), conditions="")


FLAWS: dict[str, tuple[Callable[[World], Any], str]] = {
    "not a member": (lambda world: Membership.objects.all().delete(), "not a member"),
    "training lapsed": (lambda world: Training.objects.update(valid_until=portal.days(-1)), "training"),
    "project not open": (lambda world: Project.objects.update(state="proposed"), "not open"),
    "project over": (lambda world: Project.objects.update(closes_on=portal.days(-1)), "not open"),
    "approval over": (lambda world: Approval.objects.update(until=portal.days(-1)), "not approved today"),
    "no approval": (lambda world: Approval.objects.all().delete(), "No dataset is approved"),
    "other purpose": (lambda world: Approval.objects.update(purpose="advertising"), "not approved today"),
    "not signed": (lambda world: AgreementSignature.objects.all().delete(), "not signed"),
    "role lost": (lambda world: world.rosa.role_assignments.all().delete(), "role of a researcher"),
    "second session": (
        lambda world: portal.session(portal.project("b", member=world.rosa), world.rosa),
        "already",
    ),
    "suspended": (lambda world: Person.objects.update(suspended_at=datetime.now(UTC)), "suspended"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_flaw_refuses_a_start_with_a_reason_of_its_own(flaw: str, world: World) -> None:
    act, words = FLAWS[flaw]
    act(world)
    with pytest.raises(Refused) as refused:
        sessions.start_in(by=world.rosa, project=world.project)
    assert words in str(refused.value)


def test_a_session_in_order_is_started_granted_and_goes_on(world: World) -> None:
    admit(world.rosa)
    session = sessions.start_in(by=world.rosa, project=world.project)
    grants.issue(person=world.rosa.id, server=world.project.slug)
    Session.objects.filter(pk=session.pk).update(
        state=SessionState.RUNNING.value, started_at=datetime.now(UTC)
    )
    (lease,) = leases.renew(reports={}, at=datetime.now(UTC))
    assert lease.live


REVOCATIONS: dict[str, tuple[Callable[[World], Any], str]] = {
    "approval": (
        lambda world: approvals.revoke(by=world.stef, approval=world.approval, reason="consent withdrawn"),
        "not approved today",
    ),
    "membership": (
        lambda world: projects.end_membership(by=world.ada, membership=Membership.objects.get()),
        "not a member",
    ),
    "person": (lambda world: people.suspend(by=world.ada, person=world.rosa, reason="drill"), "suspended"),
    "account": (lambda world: people.deactivate(by=world.ada, person=world.rosa, reason="left"), ""),
    "project": (
        lambda world: projects.suspend(by=world.ada, project=world.project, reason="drill"),
        "suspended",
    ),
    "closing": (lambda world: projects.close(by=world.ada, project=world.project), "not open"),
    "dataset": (
        lambda world: datasets.suspend(by=world.stef, dataset=world.approval.version.dataset, reason="drill"),
        "suspended",
    ),
    "training": (lambda world: Training.objects.update(valid_until=portal.days(-1)), "training"),
    "role": (
        lambda world: people.end_role(by=world.ada, person=world.rosa, role=Role.RESEARCHER),
        "role of a researcher",
    ),
}


@pytest.mark.parametrize("what", REVOCATIONS)
def test_each_revocation_ends_a_running_session_at_the_next_lease(what: str, world: World) -> None:
    portal.session(world.project, world.rosa)
    assert leases.renew(reports={}, at=datetime.now(UTC))[0].live
    act, words = REVOCATIONS[what]
    act(world)
    (lease,) = leases.renew(reports={}, at=datetime.now(UTC))
    assert not lease.live
    assert words in lease.reason


def test_one_of_two_mounted_versions_revoked_ends_the_session(world: World) -> None:
    second = portal.approval(world.project, portal.version("second"), signed_by=world.rosa)
    portal.session(world.project, world.rosa)
    approvals.revoke(by=world.stef, approval=second, reason="consent withdrawn")
    (lease,) = leases.renew(reports={}, at=datetime.now(UTC))
    assert not lease.live


def test_provisioning_by_people_passes_the_policies(world: World) -> None:
    made = people.add(by=world.ada, email="n@x.example", name="N", institution=portal.institution())
    today = portal.days(0)
    dates = {"completed_on": today, "valid_until": today + timedelta(days=9)}
    people.record_training(by=world.ada, person=made, course="safe-researcher", **dates)
    projects.add_member(by=world.ada, project=world.project, person=made)
    agreements.sign(by=made, agreement=world.project.agreements.get())
    with pytest.raises(Refused, match="Only an admin"):
        people.assign_role(by=world.rosa, person=world.rosa, role=Role.ADMIN)
    with pytest.raises(Refused, match="Nobody adds themselves"):
        projects.add_member(by=world.ada, project=world.project, person=world.ada)
    with pytest.raises(Refused, match="steward"):
        approvals.revoke(by=world.ada, approval=world.approval, reason="I can")


def test_the_stand_in_answers_in_the_shape_of_the_real_policies(world: World, real: Policy) -> None:
    question = facts.start(world.rosa, world.project, facts.wanted(world.project, world.rosa))
    stand_in = Policies()
    said, meant = stand_in.ask(question), real.ask(question)
    assert (said.allow, said.reasons, said.package, said.question) == (
        meant.allow,
        meant.reasons,
        meant.package,
        meant.question,
    )
    stand_in.deny("sign_in")
    refused = questions.SignIn(person=question.person, at=question.at)
    assert stand_in.ask(refused).allow is False and real.ask(refused).allow is True
    assert type(said.id) is type(meant.id) and len(said.id) == len(meant.id)
