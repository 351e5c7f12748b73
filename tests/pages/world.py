"""An enclave with something on every page: people in every role, data, work in every state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from egress_review.models import Assignment, Submission, Vote
from egress_review.states import VOTING, State
from egress_review.vault import Vault
from hub.access import approvals, requests
from hub.api import tokens
from hub.api.scopes import Scope
from hub.bring_ins import services as bring_ins
from hub.datasets import datasheets, summary
from hub.datasets.models import Dataset, DatasetVersion, Intake, VersionFacts
from hub.datasets.packed import pack
from hub.datasets.summary import Heard, Said
from hub.notices.kinds import About
from hub.notices.models import Notice
from hub.people import invitations
from hub.people.models import Person, Role, Training
from hub.projects import member_requests
from hub.projects.models import MemberRole, Membership, Project, Wish
from hub.speech.quality import Sound
from hub.stewardship.models import Feedback
from hub.workspaces.models import SessionState
from tests import portal
from tests.unit.egress_review import factories


def fill(vault: Vault) -> dict[Role, Person]:
    """Return one person of each role, in an enclave where each has something to look at."""
    people = {role: portal.person(role.value.replace("_", ""), role, second_factor=True) for role in Role}
    for person in people.values():
        Training.objects.create(
            person=person, course="output-checking", completed_on=portal.TODAY(), valid_until=portal.days(90)
        )
    researcher, steward = people[Role.RESEARCHER], people[Role.DATA_STEWARD]
    project = portal.project("vowels", member=researcher)
    Membership.objects.create(
        project=project, person=people[Role.PROJECT_LEAD], role=MemberRole.PROJECT_LEAD.value
    )
    portal.project("tones", member=researcher, state="proposed")
    portal.project("rhythm", member=researcher, state="closed")
    version = portal.version("prompts", steward=steward)
    DatasetVersion.objects.create(
        dataset=version.dataset,
        version="1.1",
        folder="prompts/1.1",
        manifest_sha256="1" * 64,
        recordings=6,
        speakers=3,
        seconds=90,
        languages=["fr", "de"],
        registered_by=steward,
    )
    portal.approval(project, version, signed_by=researcher)
    requests.ask(
        by=people[Role.PROJECT_LEAD],
        project=project,
        version=version.dataset.versions.get(version="1.1"),
        until=portal.days(50),
        reason="The new recordings are longer.",
    )
    for wish, email in ((Wish.JOIN, "nina@example.org"), (Wish.LEAVE, researcher.email)):
        member_requests.ask(
            by=people[Role.PROJECT_LEAD], project=project, wish=wish, email=email, reason="As agreed in May."
        )
    invitations.send(by=people[Role.ADMIN], person=portal.person("newcomer", Role.RESEARCHER))
    revoked = portal.approval(portal.project("pitch"), version)
    approvals.revoke(by=steward, approval=revoked, reason="The purpose has changed.")
    session = portal.session(project, researcher, state=SessionState.ENDED)
    for state in State:
        made = factories.submission(state, vault=vault, author=researcher)
        Submission.objects.filter(pk=made.pk).update(
            project=project, session=session, submitted_at=made.submitted_at - timedelta(hours=5)
        )
        if state in (State.IN_REVIEW, State.RETURNED, State.DIFFERING):
            factories.review(made, Vote.RETURN if state == State.RETURNED else Vote.APPROVE)
        if state in VOTING:
            Assignment.objects.create(submission=made, person=people[Role.OUTPUT_CHECKER])
        if state == State.DIFFERING:
            factories.review(made, Vote.REJECT, by=people[Role.OUTPUT_CHECKER])
    portal.session(project, researcher)
    waiting = factories.submission(State.IN_REVIEW, vault=vault)
    for person in people.values():
        Notice.objects.create(
            person=person,
            about=About.REVIEW,
            key=waiting.id,
            title="“Vowel table” waits",
            url=f"/releases/{waiting.id}/",
            at=waiting.submitted_at,
        )
    files = [("track.py", b"print('vowels')\n" * 9), ("speakers.csv", b"speaker,group\ns1,a\n")]
    for title in ("Formant tracker", "Group list"):
        bring_ins.bring(
            by=researcher,
            project=project,
            title=title,
            why="Our own, from the last paper.",
            files=files,
            vault=vault,
        )
    say(people, version)
    stop(people)
    return people


def say(people: dict[Role, Person], version: DatasetVersion) -> None:
    """Let the steward's desk hold something: facts, a datasheet, a folder that is blocked, feedback."""
    steward, researcher = people[Role.DATA_STEWARD], people[Role.RESEARCHER]
    sound = Sound(16_000, 1, 16, 160_000, -23.0, -3.0, 0.002, 0.2)
    said, other = (Said("s1", "fr", 9.0, True),), (Said("s2", "de", 3.0, False),)
    heard = [Heard("r1", "1" * 64, sound, said), Heard("r2", "2" * 64, sound, other)]
    for one in version.dataset.versions.all():
        rows = pack([item.row() for item in heard])
        VersionFacts.objects.create(version=one, facts=summary.of(heard), recordings=rows)
    answers = {section.name: f"{section.title}." for section in datasheets.SECTIONS}
    datasheets.write(by=steward, dataset=version.dataset, answers=answers, number=0)
    finding = {"kind": "speaker", "where": "line 2", "column": "supervisions.0.speaker", "blocks": True}
    Intake.objects.create(
        dataset=version.dataset,
        version="2.0",
        folder="delivery",
        state="blocked",
        findings=[{**finding, "message": "The speaker is empty.", "fix": "Give every speaker a pseudonym."}],
        more={"speaker": 7},
        facts=summary.of(heard),
        requested_by=steward,
    )
    Feedback.objects.create(dataset=version.dataset, author=researcher, text="Recording r1 is silent.")
    decided = Submission.objects.filter(state=State.REJECTED).first()
    Feedback.objects.create(submission=decided, author=researcher, text="Which number is too small?")


def stop(people: dict[Role, Person]) -> None:
    """Let an admin find what can be let go on again: somebody, a project and a dataset that are suspended."""
    since = {"suspended_at": datetime.now(UTC), "suspended_reason": "The training has lapsed."}
    Person.objects.filter(pk=portal.person("absent", Role.RESEARCHER).pk).update(**since)
    Project.objects.filter(pk=portal.project("stress").pk).update(**since)
    steward = people[Role.DATA_STEWARD]
    halted = portal.version("whispers", steward=steward).dataset
    Dataset.objects.filter(pk=halted.pk).update(**since)
    Intake.objects.create(
        dataset=halted, version="2.0", folder="whispers", state="ready", requested_by=steward
    )
    tokens.make(by=people[Role.ADMIN], name="training import", scopes=[Scope.TRAINING_WRITE], days=30)
