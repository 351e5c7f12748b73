"""Every role tries every act on people, projects and access: who is let, and who is not.

What is not in `ALLOWED` is denied. `python -m tests.integration.portal` writes policies/who-may.md from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from egress_review import reviewers
from egress_review.vault import Vault
from hub.access import agreements, approvals, requests
from hub.access.models import AccessRequest, Agreement, Approval
from hub.bring_ins import services as bring_ins
from hub.bring_ins.models import BringIn, BringInFile
from hub.datasets.models import DatasetVersion
from hub.people import courses, invitations, records
from hub.people import services as people
from hub.people.models import Invitation, Person, Role, Training
from hub.places import places
from hub.projects import member_requests
from hub.projects import services as projects
from hub.projects.models import MemberRequest, MemberRole, Membership, Project, Wish
from tests import portal
from tests.integration import truth

TABLE = places.checkout / "policies" / "who-may.md"
# Holders of one role each, and of one part each in the project or dataset.
ROLES = tuple(role.value for role in Role)
PARTS = (
    "project's member",
    "project's lead",
    "dataset's steward",
    "nobody",
    "suspended admin",
    "admin alone",
)
ACTORS = (*ROLES, *PARTS)
MODULES: tuple[ModuleType, ...] = (
    people,
    invitations,
    courses,
    records,
    projects,
    member_requests,
    reviewers,
    approvals,
    agreements,
    requests,
    bring_ins,
)
# These ask nothing themselves: they stand inside the transaction of a service that asked, or only ask.
INSIDE = {
    "people.may",
    "people.may_record",
    "people.may_record_any",
    "people.write_training",
    "people.recording",
    "projects.may",
    "approvals.may",
    "agreements.may",
    "requests.may_refuse",
    "requests.approved",
    "member_requests.may_refuse",
    "member_requests.fulfilled",
    "courses.read",
}


@dataclass
class World:
    """Something to act on, and everybody who might."""

    actors: dict[str, Person]
    other: Person
    project: Project
    membership: Membership
    version: DatasetVersion
    approval: Approval
    request: AccessRequest
    member_request: MemberRequest
    agreement: Agreement
    invitation: Invitation
    bring_in: BringIn
    vault: Vault


def world() -> World:
    """Return one enclave with one actor of each kind."""
    vault = Vault(places.state / "vault")
    vault.prepare()
    actors = {role.value: portal.person(role.value, role, second_factor=True) for role in Role}
    project = portal.project()
    Training.objects.create(person=actors["output_checker"], **_given("output-checking"))
    for number, part in enumerate(PARTS):
        actors[part] = portal.person(
            f"part{number}", *HOLDS.get(part, ()), second_factor=part != "admin alone"
        )
    Person.objects.filter(pk=actors["suspended admin"].pk).update(suspended_at="2026-01-01T00:00:00Z")
    for part, role in (
        ("project's member", MemberRole.RESEARCHER),
        ("project's lead", MemberRole.PROJECT_LEAD),
    ):
        Membership.objects.create(project=project, person=actors[part], role=role.value)
    steward = actors["dataset's steward"]
    version = portal.version("prompts", steward=steward)
    approval = portal.approval(project, version)
    wanted = portal.version("wanted", steward=steward)
    other = portal.person("other")
    return World(
        actors=actors,
        other=other,
        project=project,
        membership=Membership.objects.create(project=project, person=other),
        version=portal.version("third", steward=steward),
        approval=approval,
        request=AccessRequest.objects.create(
            project=project,
            version=wanted,
            purpose=project.purpose,
            until=portal.days(9),
            reason="x",
            asked_by=actors["project's lead"],
        ),
        member_request=MemberRequest.objects.create(
            project=project,
            wish="join",
            email="x@north.example",
            reason="x",
            asked_by=actors["project's lead"],
        ),
        agreement=approval.version.dataset.agreements.get(),
        invitation=invitations.send(by=people.permission.WITHOUT_POLICY, person=other),
        bring_in=_brought(project, other, vault),
        vault=vault,
    )


HOLDS = {
    "project's member": (Role.RESEARCHER,),
    "project's lead": (Role.RESEARCHER,),
    "dataset's steward": (Role.DATA_STEWARD,),
    "suspended admin": (Role.ADMIN,),
    "admin alone": (Role.ADMIN,),
}
Act = Callable[[Person, World], Any]


def _given(course: str) -> dict[str, Any]:
    return {"course": course, "completed_on": portal.days(0), "valid_until": portal.days(9)}


def _course(person: Person) -> dict[str, Any]:
    return {"person": person, **_given("x")}


def _brought(project: Project, author: Person, vault: Vault) -> BringIn:
    made = BringIn.objects.create(project=project, author=author, title="Tracker", why="x", folder="tracker")
    stored = vault.put(b"print(1)\n")
    BringInFile.objects.create(
        bring_in=made, position=0, name="x.py", sha256=stored.sha256, size_bytes=stored.size_bytes, lines=2
    )
    return made


def _table(person: Person) -> list[courses.Row]:
    given = _course(person)
    days: dict[str, date] = {name: given[name] for name in ("completed_on", "valid_until")}
    return [courses.Row(line=2, email=person.email, course="x", person=person, error="", **days)]


def _suspended(person: Person) -> Person:
    Person.objects.filter(pk=person.pk).update(suspended_at="2026-01-01T00:00:00Z")
    return person


def _state(world: World, **changes: Any) -> Project:
    Project.objects.filter(pk=world.project.pk).update(**changes)
    return world.project


def _about(project: Project) -> dict[str, Any]:
    names = ("purpose", "opens_on", "closes_on")
    return {"project": project, "title": "Else", **{name: getattr(project, name) for name in names}}


def _proposal() -> dict[str, Any]:
    days = {"opens_on": portal.days(0), "closes_on": portal.days(9)}
    return {"slug": "fresh", "title": "Fresh", "purpose": "x", **days}


def _approval(world: World) -> dict[str, Any]:
    given = {"purpose": world.project.purpose, "until": portal.days(9)}
    return {"project": world.project, "version": world.version, **given}


ACTS: dict[str, Act] = {
    "people.add_institution": lambda by, w: people.add_institution(by=by, slug="south", name="South"),
    "people.rename_institution": lambda by, w: people.rename_institution(
        by=by, institution=portal.institution(), name="Else"
    ),
    "people.add": lambda by, w: people.add(
        by=by, email="new@north.example", name="New", institution=portal.institution()
    ),
    "people.edit": lambda by, w: people.edit(
        by=by, person=w.other, name="Else", institution=portal.institution()
    ),
    "people.assign_role": lambda by, w: people.assign_role(by=by, person=w.other, role=Role.AUDITOR),
    "people.assign_role to oneself": lambda by, w: people.assign_role(by=by, person=by, role=Role.AUDITOR),
    "people.end_role": lambda by, w: people.end_role(
        by=by, person=w.actors[Role.AUDITOR.value], role=Role.AUDITOR
    ),
    "people.record_training": lambda by, w: people.record_training(by=by, **_course(w.other)),
    "people.record_training of oneself": lambda by, w: people.record_training(by=by, **_course(by)),
    "people.suspend": lambda by, w: people.suspend(by=by, person=w.other, reason="x"),
    "people.resume": lambda by, w: people.resume(by=by, person=_suspended(w.other)),
    "people.deactivate": lambda by, w: people.deactivate(by=by, person=w.other, reason="x"),
    "invitations.send": lambda by, w: invitations.send(by=by, person=w.other),
    "invitations.revoke": lambda by, w: invitations.revoke(by=by, invitation=w.invitation),
    "courses.record": lambda by, w: courses.record(by=by, table=_table(w.other)),
    "courses.record of oneself": lambda by, w: courses.record(by=by, table=_table(by)),
    "records.open_for people": lambda by, w: records.open_for(by, "people"),
    "records.open_for projects": lambda by, w: records.open_for(by, "projects"),
    "records.open_for datasets": lambda by, w: records.open_for(by, "datasets"),
    "projects.propose": lambda by, w: projects.propose(by=by, **_proposal()),
    "projects.edit": lambda by, w: projects.edit(by=by, **_about(w.project)),
    "projects.set_limits": lambda by, w: projects.set_limits(by=by, project=w.project, values={"pids": 99}),
    "projects.open": lambda by, w: projects.open(by=by, project=_state(w, state="proposed")),
    "projects.close": lambda by, w: projects.close(by=by, project=w.project),
    "projects.suspend": lambda by, w: projects.suspend(by=by, project=w.project, reason="x"),
    "projects.resume": lambda by, w: projects.resume(
        by=by, project=_state(w, suspended_at="2026-01-01T00:00:00Z")
    ),
    "projects.add_member": lambda by, w: projects.add_member(
        by=by, project=w.project, person=w.actors[Role.RESEARCHER.value]
    ),
    "projects.add_member oneself": lambda by, w: projects.add_member(by=by, project=w.project, person=by),
    "projects.change_membership": lambda by, w: projects.change_membership(
        by=by, membership=w.membership, role=MemberRole.PROJECT_LEAD, valid_until=None
    ),
    "projects.end_membership": lambda by, w: projects.end_membership(by=by, membership=w.membership),
    "member_requests.ask": lambda by, w: member_requests.ask(
        by=by, project=w.project, wish=Wish.JOIN, email="new@north.example", reason="x"
    ),
    "member_requests.ask to leave": lambda by, w: member_requests.ask(
        by=by, project=w.project, wish=Wish.LEAVE, email=w.other.email, reason="x"
    ),
    "member_requests.withdraw": lambda by, w: member_requests.withdraw(by=by, request=w.member_request),
    "member_requests.refuse": lambda by, w: member_requests.refuse(
        by=by, request=w.member_request, reason="x"
    ),
    "reviewers.choose": lambda by, w: reviewers.choose(by=by, project=w.project, named=[], approvals=3),
    "reviewers.choose oneself": lambda by, w: reviewers.choose(
        by=by, project=w.project, named=[by.pk, *(w.actors[one].pk for one in ROLES)], approvals=2
    ),
    "approvals.approve": lambda by, w: approvals.approve(by=by, **_approval(w)),
    "approvals.prolong": lambda by, w: approvals.prolong(
        by=by, approval=w.approval, until=w.approval.until + timedelta(days=1), conditions=""
    ),
    "approvals.revoke": lambda by, w: approvals.revoke(by=by, approval=w.approval, reason="x"),
    "agreements.add": lambda by, w: agreements.add(
        by=by,
        dataset=w.version.dataset,
        project=w.project,
        title="Use",
        text="I promise.",
        until=portal.days(9),
    ),
    "agreements.sign": lambda by, w: agreements.sign(by=by, agreement=w.agreement),
    "requests.ask": lambda by, w: requests.ask(
        by=by, project=w.project, version=w.version, until=portal.days(9), reason="x"
    ),
    "requests.withdraw": lambda by, w: requests.withdraw(by=by, request=w.request),
    "requests.refuse": lambda by, w: requests.refuse(by=by, request=w.request, reason="x"),
    "bring_ins.bring": lambda by, w: bring_ins.bring(
        by=by, project=w.project, vault=w.vault, title="T", why="a b c d e", files=[("x.py", b"x = 1\n")]
    ),
    "bring_ins.judge": lambda by, w: bring_ins.judge(
        by=by, bring_in=bring_ins.find(w.bring_in.id), verdict="approve", comment="", seen=1, vault=w.vault
    ),
    "bring_ins.judge to reject": lambda by, w: bring_ins.judge(
        by=by, bring_in=bring_ins.find(w.bring_in.id), verdict="reject", comment="x", seen=1, vault=w.vault
    ),
    "bring_ins.take_back": lambda by, w: bring_ins.take_back(
        by=by, bring_in=bring_ins.find(w.bring_in.id), vault=w.vault
    ),
    "bring_ins.open_page": lambda by, w: bring_ins.open_page(by=by, bring_in=bring_ins.find(w.bring_in.id)),
    "bring_ins.open_file": lambda by, w: bring_ins.open_file(
        by=by, bring_in=bring_ins.find(w.bring_in.id), file=w.bring_in.files.get(), vault=w.vault
    ),
}
ADMIN, STEWARD, LEAD = {"admin"}, {"dataset's steward"}, {"project's lead"}
ALLOWED: dict[str, set[str]] = {
    **{name: ADMIN for name in ACTS if name.startswith(("people.", "invitations.", "courses."))},
    **{name: ADMIN for name in ACTS if name.startswith(("projects.", "reviewers."))},
    **{name: set() for name in ACTS if name.endswith("oneself")},
    "records.open_for people": {"admin", "auditor"},
    "records.open_for projects": {"admin", "auditor", "committee_member"},
    "records.open_for datasets": {"admin", "auditor", "committee_member", "data_steward", *STEWARD},
    "approvals.approve": STEWARD,
    "approvals.prolong": STEWARD,
    "approvals.revoke": STEWARD,
    "agreements.add": STEWARD,
    "agreements.sign": {"project's member", *LEAD},
    "member_requests.ask": LEAD,
    "member_requests.ask to leave": LEAD,
    "member_requests.withdraw": LEAD,
    "member_requests.refuse": ADMIN,
    "requests.ask": LEAD,
    "requests.withdraw": LEAD,
    "requests.refuse": STEWARD,
    "bring_ins.bring": {"project's member", *LEAD},
    "bring_ins.judge": {"output_checker"},
    "bring_ins.judge to reject": {"output_checker"},
    # Its author may as well.
    "bring_ins.take_back": {"output_checker", *LEAD},
    "bring_ins.open_page": {"project's member", *LEAD, "output_checker", "auditor"},
    "bring_ins.open_file": {"project's member", *LEAD, "output_checker"},
}


def services() -> set[str]:
    """Return every function of the services in which somebody acts."""
    return {
        f"{noun}.{name}"
        for module, noun in zip(MODULES, NOUNS, strict=True)
        for name, what in inspect.getmembers(module, inspect.isfunction)
        if what.__module__ == module.__name__ and not name.startswith("_") and "by" in _names(what)
    }


NOUNS = (
    "people",
    "invitations",
    "courses",
    "records",
    "projects",
    "member_requests",
    "reviewers",
    "approvals",
    "agreements",
    "requests",
    "bring_ins",
)


def _names(what: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(what).parameters)


def table() -> str:
    """Return the table as the policies' folder keeps it: acts down, actors across."""
    about = [
        "# Who may act on people, projects and access",
        "",
        "Written by `python -m tests.integration.portal`; `test_who_may.py` holds it to the policies.",
        "An act that is not marked is refused. Each role stands for somebody who holds it alone, with a "
        "second factor; “admin alone” has none, “nobody” has no role. An admin’s rights open no data.",
    ]
    return truth.written(about, actors=ACTORS, allowed={name: ALLOWED[name] for name in ACTS})


def write(path: Path = TABLE) -> None:
    """Write the table."""
    path.write_text(table(), encoding="utf-8")
