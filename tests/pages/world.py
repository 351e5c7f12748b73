"""An enclave with something on every page: people in every role, data, work in every state."""

from __future__ import annotations

from datetime import timedelta

from egress_review.models import Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.access import approvals, requests
from hub.datasets.models import DatasetVersion
from hub.people import invitations
from hub.people.models import Person, Role, Training
from hub.projects.models import MemberRole, Membership
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
    invitations.send(by=people[Role.ADMIN], person=portal.person("newcomer", Role.RESEARCHER))
    revoked = portal.approval(portal.project("pitch"), version)
    approvals.revoke(by=steward, approval=revoked, reason="The purpose has changed.")
    session = portal.session(project, researcher, state=SessionState.ENDED)
    for state in State:
        made = factories.submission(state, vault=vault, author=researcher)
        Submission.objects.filter(pk=made.pk).update(
            project=project, session=session, submitted_at=made.submitted_at - timedelta(hours=5)
        )
        if state in (State.IN_REVIEW, State.RETURNED):
            factories.review(made, Vote.APPROVE if state == State.IN_REVIEW else Vote.RETURN)
    portal.session(project, researcher)
    return people
