"""A world with one of everything, and people who stand in every relation to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from egress_review.models import Release, Submission
from egress_review.states import State
from egress_review.vault import Vault
from hub.access.models import AccessRequest, Approval
from hub.bring_ins.models import BringIn, BringInFile
from hub.datasets.models import DatasetVersion
from hub.people.models import Invitation, Person, Role, Training
from hub.projects.models import MemberRequest, Membership, Project
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.api import Caller, token_of
from tests.unit.egress_review import factories

# Each role as somebody who has nothing to do with the project or its data, then those who have.
STRANGERS = tuple(role.value for role in Role)
INVOLVED = ("member", "lead", "steward")
WHO = (*STRANGERS, *INVOLVED)


@dataclass
class World:
    """What there is, and a token of each person."""

    people: dict[str, Person]
    callers: dict[str, Caller]
    somebody: Person
    suspended: Person
    project: Project
    proposed: Project
    halted: Project
    version: DatasetVersion
    other: DatasetVersion
    approval: Approval
    session: Session
    invitation: Invitation
    request: AccessRequest
    wish: MemberRequest
    waiting: Submission
    released: Submission
    brought: BringIn


def built(vault: Vault) -> World:
    """Make it, asking nobody."""
    people = {role: _person(role, Role(role)) for role in STRANGERS}
    people |= {
        "member": _person("member", Role.RESEARCHER),
        "lead": _person("lead", Role.RESEARCHER, Role.PROJECT_LEAD),
        "steward": _person("steward", Role.DATA_STEWARD),
    }
    project = portal.project("vowels", member=people["member"])
    Membership.objects.create(project=project, person=people["lead"], role="project_lead")
    version = portal.version("prompts", steward=people["steward"])
    somebody = portal.person("somebody", Role.RESEARCHER)
    suspended = portal.person("suspended", Role.RESEARCHER)
    Person.objects.filter(pk=suspended.pk).update(suspended_at="2026-01-01T00:00Z", suspended_reason="leave")
    halted = portal.project("halted", member=people["member"])
    Project.objects.filter(pk=halted.pk).update(suspended_at="2026-01-01T00:00Z", suspended_reason="leave")
    return World(
        people=people,
        callers={name: Caller(token_of(person)) for name, person in people.items()},
        somebody=somebody,
        suspended=suspended,
        project=project,
        proposed=portal.project("planned", state="proposed"),
        halted=halted,
        version=version,
        other=portal.version("letters", steward=people["steward"]),
        approval=portal.approval(project, version, signed_by=people["member"]),
        session=portal.session(project, people["member"]),
        invitation=Invitation.objects.create(
            person=somebody,
            token_sha256="0" * 64,
            sent_at=datetime.now(UTC),
            expires_at=datetime.now(UTC) + timedelta(days=7),
        ),
        request=AccessRequest.objects.create(
            project=project,
            version=portal.version("vowels", steward=people["steward"]),
            purpose=project.purpose,
            until=portal.days(30),
            reason="The paper needs it.",
            asked_by=people["lead"],
        ),
        wish=MemberRequest.objects.create(
            project=project,
            wish="leave",
            email=people["member"].email,
            reason="Left us.",
            asked_by=people["lead"],
        ),
        waiting=_submission(project, people["member"], State.IN_REVIEW, vault),
        released=_released(project, people["member"], vault),
        brought=_brought(project, people["member"], vault),
    )


def _person(name: str, *roles: Role) -> Person:
    made = portal.person(name, *roles, second_factor=True)
    Training.objects.create(
        person=made, course="output-checking", completed_on=portal.TODAY(), valid_until=portal.days(100)
    )
    return made


def _submission(project: Project, author: Person, state: State, vault: Vault) -> Submission:
    """Return a submission of this project: made with one of its own, then moved here."""
    made = factories.submission(state, vault=vault, author=author)
    session = portal.session(project, author, state=SessionState.ENDED)
    Membership.objects.filter(project=made.project).delete()
    Submission.objects.filter(pk=made.pk).update(project=project, session=session)
    made.refresh_from_db()
    return made


def _brought(project: Project, author: Person, vault: Vault) -> BringIn:
    kept = vault.put(b"print('vowels')\n")
    said = {"title": "Tracker", "why": "The paper needs it.", "folder": "tracker"}
    made = BringIn.objects.create(project=project, author=author, **said)
    BringInFile.objects.create(
        bring_in=made, position=0, name="x.py", sha256=kept.sha256, size_bytes=kept.size_bytes, lines=1
    )
    return made


def _released(project: Project, author: Person, vault: Vault) -> Submission:
    made = _submission(project, author, State.RELEASED, vault)
    document = {"release": "made by the test", "files": []}
    Release.objects.create(
        submission=made, receipt={"document": document, "receipt_sha256": "0", "ledger": {"entry_index": 0}}
    )
    return made
