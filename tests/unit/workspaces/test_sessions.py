"""Starting, granting, ending: each step asked, recorded, and done once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from hub import grant as grants
from hub.errors import NotFound, Refused, WrongState
from hub.ledger.models import Entry
from hub.people.models import Person, Role
from hub.places import places
from hub.projects.models import Membership, Project
from hub.workspaces import grants as issuing
from hub.workspaces import sessions
from hub.workspaces.models import LEGAL_MOVES, Session, SessionState, Workspace
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def who(policies: Policies, remote: RemoteStandIn) -> Person:
    return portal.person("rosa", Role.RESEARCHER)


@pytest.fixture
def project(who: Person) -> Project:
    made = portal.project(member=who)
    portal.approval(made, portal.version(), signed_by=who)
    return made


def kinds() -> list[str]:
    return list(Entry.objects.values_list("kind", flat=True))


def test_a_refused_start_makes_no_session_and_is_on_the_ledger(
    who: Person, project: Project, policies: Policies, remote: RemoteStandIn
) -> None:
    policies.deny("start", "Your training has run out.")
    with pytest.raises(Refused, match="training"):
        sessions.start_in(by=who, project=project)
    assert not Session.objects.exists()
    assert not remote.calls
    assert kinds() == ["decision_denied"]


def test_nobody_starts_a_session_in_somebody_elses_workspace(who: Person, project: Project) -> None:
    workspace = sessions.open_workspace(by=who, project=project)
    with pytest.raises(Refused, match="somebody else"):
        sessions.start(by=portal.person("eve", Role.RESEARCHER), workspace=workspace)


def test_who_is_not_a_member_has_no_workspace(project: Project, policies: Policies) -> None:
    with pytest.raises(NotFound, match="not a member"):
        sessions.open_workspace(by=portal.person("eve"), project=project)


def test_two_starts_at_once_make_one_session(who: Person, project: Project, policies: Policies) -> None:
    other = portal.project("rhythm", member=who)
    portal.session(other, who)
    # The policies were asked before the other one began: the transaction looks again.
    with pytest.raises(WrongState, match="already have a session"):
        sessions.start_in(by=who, project=project)


def test_workspaces_have_uids_of_their_own(
    project: Project, policies: Policies, remote: RemoteStandIn
) -> None:
    people = [portal.person(name) for name in ("a", "b", "c")]
    for person in people:
        Membership.objects.create(project=project, person=person)
    uids = [sessions.open_workspace(by=person, project=project).uid for person in people]
    assert len(set(uids)) == 3 and min(uids) >= 200_001


def test_a_start_goes_through_hub_and_grant_to_running(
    who: Person, project: Project, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    remote.on_start = lambda person, server: issuing.issue(person=person, server=server) and None
    with django_capture_on_commit_callbacks(execute=True):
        session = sessions.start_in(by=who, project=project)
    session.refresh_from_db()
    assert session.state == SessionState.RUNNING
    assert remote.calls == [("start", "vowels")]
    acts = ["session_requested", "grant_issued", "session_started"]
    assert [kind for kind in kinds() if kind in acts] == acts


def test_a_hub_that_does_not_answer_leaves_a_failed_session_with_a_message(
    who: Person, project: Project, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    remote.down = {"start"}
    with django_capture_on_commit_callbacks(execute=True):
        session = sessions.start_in(by=who, project=project)
    session.refresh_from_db()
    assert (session.state, session.end_reason) == (SessionState.FAILED, "start does not answer")


def test_a_server_that_started_without_a_grant_is_removed(
    who: Person, project: Project, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        session = sessions.start_in(by=who, project=project)
    session.refresh_from_db()
    assert session.state == SessionState.FAILED
    assert ("remove", session.id) in remote.calls


@pytest.mark.parametrize("state", [state for state in SessionState if state is not SessionState.REQUESTED])
def test_only_a_requested_session_is_granted(state: SessionState, who: Person, project: Project) -> None:
    portal.session(project, who, state=state)
    with pytest.raises(Refused, match="started from the portal"):
        issuing.issue(person=who.id, server=project.slug)


@pytest.mark.parametrize(
    ("person", "server"), [("nobody", "vowels"), (None, "rhythm"), (None, ""), (None, "../x")]
)
def test_no_grant_for_another_name(person: str | None, server: str, who: Person, project: Project) -> None:
    portal.session(project, who, state=SessionState.REQUESTED)
    with pytest.raises(Refused):
        issuing.issue(person=person or who.id, server=server)


def test_a_grant_is_given_once(who: Person, project: Project) -> None:
    portal.session(project, who, state=SessionState.REQUESTED)
    issuing.issue(person=who.id, server=project.slug)
    with pytest.raises(Refused):
        issuing.issue(person=who.id, server=project.slug)


def test_a_grant_is_asked_about_again_and_a_denial_fails_the_session(
    who: Person, project: Project, policies: Policies
) -> None:
    session = portal.session(project, who, state=SessionState.REQUESTED)
    policies.deny("start", "The approval was revoked.")
    with pytest.raises(Refused, match="revoked"):
        issuing.issue(person=who.id, server=project.slug)
    session.refresh_from_db()
    assert (session.state, session.end_reason) == (SessionState.FAILED, "The approval was revoked.")
    assert kinds() == ["decision_denied", "session_failed"]


def test_a_grant_says_what_is_approved_and_is_signed_by_the_portal(who: Person, project: Project) -> None:
    session = portal.session(project, who, state=SessionState.REQUESTED)
    signed, _ = issuing.issue(person=who.id, server=project.slug)
    key: Any = load_pem_private_key(settings.PARLATORY_GRANT_KEY.encode(), password=None)
    grant = grants.verify(signed, key.public_key())
    assert (grant.session, grant.person, grant.server) == (session.id, who.id, "vowels")
    assert [(mount.source, mount.target) for mount in grant.mounts] == [
        (str(places.state / "datasets" / "prompts" / "1.0"), "/data/prompts/1.0")
    ]
    assert grant.image == "parlatory/workspace:unit"
    assert grant.uid == Workspace.objects.get().uid


@pytest.mark.parametrize("flaw", ["unsigned", "suspended", "revoked", "ended", "other purpose"])
def test_data_that_may_not_be_used_is_not_mounted(flaw: str, who: Person, project: Project) -> None:
    left_out = portal.approval(
        project, portal.version("secret"), signed_by=None if flaw == "unsigned" else who
    )
    if flaw == "suspended":
        type(left_out.version.dataset).objects.filter(slug="secret").update(suspended_at=datetime.now(UTC))
    changes = {
        "revoked": {"revoked_at": datetime.now(UTC)},
        "ended": {"until": portal.days(-1)},
        "other purpose": {"purpose": "advertising"},
    }
    type(left_out).objects.filter(pk=left_out.pk).update(**changes.get(flaw, {"conditions": ""}))
    session = portal.session(project, who, state=SessionState.REQUESTED)
    issuing.issue(person=who.id, server=project.slug)
    session.refresh_from_db()
    assert left_out.version_id not in session.versions and len(session.versions) == 1


@pytest.mark.parametrize("state", list(SessionState))
def test_a_session_ends_once_and_only_from_a_live_state(
    state: SessionState, who: Person, project: Project
) -> None:
    session = portal.session(project, who, state=state)
    live = SessionState.ENDED in LEGAL_MOVES[state]
    assert sessions.end(by=who.id, session=session, reason="done") is live
    assert sessions.end(by=who.id, session=session, reason="again") is False
    assert kinds().count("session_ended") == (1 if live else 0)


def test_nobody_stops_somebody_elses_session(who: Person, project: Project) -> None:
    session = portal.session(project, who)
    with pytest.raises(Refused, match="somebody else"):
        sessions.stop(by=portal.person("ada", Role.ADMIN), session=session)


def test_losing_the_hub_does_not_lose_the_ending(
    who: Person, project: Project, remote: RemoteStandIn, django_capture_on_commit_callbacks: Any
) -> None:
    remote.down = {"stop", "remove"}
    session = portal.session(project, who)
    with django_capture_on_commit_callbacks(execute=True):
        sessions.stop(by=who, session=session)
    session.refresh_from_db()
    assert session.state == SessionState.ENDED
    assert session.cleared_at is None
