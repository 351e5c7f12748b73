"""What an entry tells whom: everybody it concerns, nobody else, and nothing of the data by mail."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from egress_review.models import FileVote, Review, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.access.models import AccessRequest
from hub.datasets import stewards
from hub.datasets.models import Dataset
from hub.errors import Unavailable, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.notices import audience, derive, reconciler
from hub.notices.kinds import About
from hub.notices.models import Notice, Read
from hub.people.models import Person, Role
from hub.projects.models import MemberRole, Membership
from hub.stewardship.models import Feedback
from tests import portal
from tests.unit.audit.made import entry
from tests.unit.egress_review import factories as make

pytestmark = [pytest.mark.django_db]
pytestmark.append(pytest.mark.usefixtures("policies"))


def told(made: Entry) -> dict[str, tuple[str, str]]:
    """Return for each person told what it is about and its title."""
    names = dict(Person.objects.values_list("pk", "name"))
    return {names[one.person]: (one.about.value, one.title) for one in derive.drafts(made)}


def with_lead(of: Submission) -> Person:
    lead = make.person("Lead", Role.PROJECT_LEAD)
    Membership.objects.create(project=of.project, person=lead, role=MemberRole.PROJECT_LEAD.value)
    return lead


def test_a_blocked_hand_in_tells_author_and_lead_what_to_mend(vault: Vault) -> None:
    found = make.submission(State.BLOCKED, vault=vault)
    with_lead(found)
    made = entry(Kind.SCREENED, by="enclave", on=found.id, state="blocked")
    assert set(told(made)) == {"Author", "Lead"}
    draft = derive.drafts(made)[0]
    assert "A cell counts fewer than 10 speakers. Join small groups." in draft.body
    assert draft.url == f"/releases/{found.id}/"


def test_no_finding_and_no_comment_is_mailed(vault: Vault) -> None:
    blocked = make.submission(State.BLOCKED, vault=vault)
    returned = make.submission(State.RETURNED, vault=vault)
    for number in range(2):
        make.review(
            returned, Vote.RETURN, make.checker(f"C{number}"), comment="Speaker Rosa Smith is in row 7"
        )
    for kind, found, facts in (
        (Kind.SCREENED, blocked, {"state": "blocked"}),
        (Kind.RETURNED, returned, {}),
    ):
        for draft in derive.drafts(entry(kind, on=found.id, **facts)):
            assert "row" in draft.body
            assert not {"row", "Smith", "speakers", "Join"} & set(draft.mail.replace(".", " ").split())


def test_comments_come_without_the_checkers_names_and_only_when_all_votes_are_in(vault: Vault) -> None:
    found = make.submission(State.RETURNED, vault=vault)
    make.review(found, Vote.RETURN, make.checker("Chloe"), comment="Round the means, please.")
    made = entry(Kind.RETURNED, on=found.id)
    assert "Round the means" not in derive.drafts(made)[0].body
    make.review(found, Vote.APPROVE, make.checker("Clara"), comment="Fine with me.")
    body = derive.drafts(made)[0].body
    assert "Round the means, please." in body and "Chloe" not in body and "Clara" not in body


def test_a_withdrawal_is_told_to_those_who_did_not_make_it(vault: Vault) -> None:
    found = make.submission(State.WITHDRAWN, vault=vault)
    lead, checker = with_lead(found), make.checker("Chloe")
    told_of = {
        by.name: set(told(entry(Kind.WITHDRAWN, by=by.id, on=found.id)))
        for by in (found.author, lead, checker)
    }
    assert told_of == {"Author": {"Lead"}, "Lead": {"Author"}, "Chloe": {"Author", "Lead"}}


def test_those_who_may_vote_are_asked_of_the_policies(
    vault: Vault, policies: portal.Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make.submission(State.IN_REVIEW, vault=vault)
    make.checker("Chloe")
    away = make.checker("Away")
    Person.objects.filter(pk=away.pk).update(is_active=False)
    made = entry(Kind.SCREENED, by="enclave", on=found.id, state="in_review")
    assert told(made)["Chloe"] == ("review", "“Vowel table” waits for your review")
    assert "Away" not in told(made)
    policies.deny("vote")
    assert set(told(made)) == {"Author"}
    policies.broken = True
    with pytest.raises(Unavailable):
        derive.drafts(made)


def test_what_is_the_same_for_all_checkers_is_read_once(vault: Vault) -> None:
    found = make.submission(State.IN_REVIEW, vault=vault)
    asked = []
    for name in ("Chloe", "Dana"):
        make.checker(name)
        with CaptureQueriesContext(connection) as queries:
            able = audience.may_vote(found)
        asked.append([one["sql"] for one in queries])
        assert [one.name for one in able][-1] == name
    own = ("mfa_authenticator", "projects_membership", "egress_review_conflict")
    more = len(asked[1]) - len(asked[0])
    assert more == len(own)
    assert all(any(table in one for one in asked[1][-more:]) for table in own)


def test_what_is_decided_already_waits_for_nobody(vault: Vault) -> None:
    found = make.submission(State.RELEASED, vault=vault)
    make.checker("Chloe")
    assert set(told(entry(Kind.SCREENED, on=found.id, state="in_review"))) == {"Author"}


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (Kind.RETURNED, "“Vowel table” came back to you"),
        (Kind.REJECTED, "“Vowel table” was rejected"),
        (Kind.APPROVED, "“Vowel table” was approved"),
        (Kind.RELEASED, "“Vowel table” is released"),
        (Kind.RELEASE_STOPPED, "The release of “Vowel table” waits"),
    ],
)
def test_each_decision_reaches_its_author(vault: Vault, kind: Kind, title: str) -> None:
    found = make.submission(State.RELEASED, vault=vault)
    assert told(entry(kind, on=found.id)) == {"Author": ("results", title)}


def test_a_suspended_or_closed_person_is_told_with_the_reason() -> None:
    rosa = portal.person("rosa")
    for what, title in (("person", "Your account is suspended"), ("account", "Your account is closed")):
        (draft,) = derive.drafts(entry(Kind.SUSPENDED, on=rosa.id, what=what, reason="You left."))
        assert (draft.person, draft.title, draft.about) == (rosa.id, title, About.TAKEN)
        assert "You left." in draft.mail


def test_a_revoked_approval_reaches_the_project_with_its_reason() -> None:
    rosa, other = portal.person("rosa"), portal.person("other")
    vowels = portal.project("vowels", member=rosa)
    portal.project("tones", member=other)
    held = portal.approval(vowels, portal.version())
    (draft,) = derive.drafts(entry(Kind.APPROVAL_REVOKED, on=held.id, reason="The speakers asked."))
    assert draft.person == rosa.id and draft.about is About.TAKEN and "The speakers asked." in draft.mail


def test_a_suspended_dataset_reaches_its_steward_and_its_projects() -> None:
    rosa = portal.person("rosa")
    version = portal.version()
    portal.approval(portal.project("vowels", member=rosa), version)
    made = entry(Kind.SUSPENDED, on=version.dataset_id, what="dataset", reason="Ask.")
    assert told(made) == dict.fromkeys(["Stef", "Rosa"], ("taken", "Prompts is suspended"))


@pytest.mark.parametrize(
    ("kind", "facts", "title"),
    [
        (Kind.ROLE_CHANGED, {"role": "output_checker", "held": True}, "Your role: output checker"),
        (Kind.ROLE_CHANGED, {"role": "admin", "held": False}, "You are no longer admin"),
        (
            Kind.TRAINING_RECORDED,
            {"course": "safe", "valid_until": "2027-01-01"},
            "Training “safe” is recorded",
        ),
        (Kind.RESUMED, {"what": "person"}, "Your account is open again"),
    ],
)
def test_rights_of_a_person_reach_that_person(kind: Kind, facts: dict[str, Any], title: str) -> None:
    portal.person("adam")
    rosa = portal.person("rosa")
    (draft,) = derive.drafts(entry(kind, on=rosa.id, **facts))
    assert (draft.person, draft.title) == (rosa.id, title)


@pytest.mark.parametrize("kind", derive.KINDS)
def test_an_entry_about_nothing_that_is_there_tells_nobody(kind: str) -> None:
    for facts in ({}, {"what": "project"}, {"what": 7, "project": [], "state": {}}, {"state": "in_review"}):
        assert derive.drafts(entry(Kind(kind), on="01nothing", **facts)) == []


def test_an_erased_entry_tells_nobody() -> None:
    rosa = portal.person("rosa")
    made = entry(Kind.SUSPENDED, on=rosa.id, what="person", reason="x")
    entries.erase(by="operator", index=made.index, why="asked for")
    assert derive.drafts(Entry.objects.get(index=made.index)) == []


def test_the_ledger_is_read_once_and_a_second_time_changes_nothing() -> None:
    rosa = portal.person("rosa")
    for number in range(3):
        entry(Kind.ROLE_CHANGED, on=rosa.id, role=f"r{number}", held=True)
        entry(Kind.SAVED, on="01x")
    reconciler.read_ledger()
    assert Notice.objects.count() == 3 and Read.objects.get().index == Entry.objects.count()
    Read.objects.update(index=0)
    reconciler.read_ledger()
    assert Notice.objects.count() == 3
    entry(Kind.ROLE_CHANGED, on=rosa.id, role="more", held=True)
    reconciler.read_ledger()
    assert Notice.objects.count() == 4


def test_a_stop_in_the_middle_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa = portal.person("rosa")
    for number in range(3):
        entry(Kind.ROLE_CHANGED, on=rosa.id, role=f"r{number}", held=True)
    real, calls = derive.drafts, []

    def stops(one: Entry) -> Any:
        calls.append(one.index)
        if len(calls) == 2:
            raise OSError("stopped")
        return real(one)

    monkeypatch.setattr(derive, "drafts", stops)
    with pytest.raises(OSError, match="stopped"):
        reconciler.read_ledger()
    assert Notice.objects.count() == 1
    reconciler.read_ledger()
    assert calls == [0, 1, 1, 2] and Notice.objects.count() == 3


def test_a_note_between_checkers_never_reaches_the_author_and_a_comment_on_a_file_does(vault: Vault) -> None:
    found = make.submission(State.RETURNED, vault=vault)
    file = found.files.get()
    for name in ("Chloe", "Clara"):
        checker = make.checker(name)
        review = make.review(found, Vote.RETURN, checker, comment="For you.")
        Review.objects.filter(pk=review.pk).update(note="PRIVATE one")
        FileVote.objects.update_or_create(
            file=file,
            reviewer=checker,
            defaults={
                "vote": Vote.RETURN,
                "comment": "Too fine.",
                "note": "PRIVATE two",
                "canonical_sha256": "0" * 64,
            },
        )
    (draft,) = derive.drafts(entry(Kind.RETURNED, on=found.id))
    assert "A checker says of table.csv: Too fine." in draft.body and "PRIVATE" not in draft.body + draft.mail


def test_checkers_whose_votes_differ_are_told_and_nobody_else(vault: Vault) -> None:
    found = make.submission(State.IN_REVIEW, vault=vault)
    make.review(found, Vote.RETURN, make.checker("Chloe"))
    make.checker("Idle")
    made = entry(Kind.DIFFERED, on=found.id)
    assert told(made) == {}
    Submission.objects.filter(pk=found.pk).update(state=State.DIFFERING)
    assert told(made) == {"Chloe": ("review", "The votes on “Vowel table” differ")}


def test_a_request_for_data_reaches_its_steward_and_a_refusal_the_project() -> None:
    rosa = portal.person("rosa")
    vowels, version = portal.project("vowels", member=rosa), portal.version()
    asked = AccessRequest.objects.create(
        project=vowels,
        version=version,
        purpose=vowels.purpose,
        until=portal.days(30),
        reason="Speaker 7 says so",
        asked_by=rosa,
    )
    (draft,) = derive.drafts(entry(Kind.ACCESS_ASKED, by=rosa.id, on=vowels.id, request=asked.id))
    assert (
        draft.person == version.dataset.steward_id and draft.title == "Vowels asks for Prompts, version 1.0"
    )
    assert "Speaker 7" in draft.body and "Speaker 7" not in draft.mail
    made = entry(Kind.ACCESS_REFUSED, on=vowels.id, request=asked.id, reason="Too much.")
    (draft,) = derive.drafts(made)
    assert draft.person == rosa.id and "Too much." in draft.body and "Too much." not in draft.mail


def test_feedback_reaches_who_answers_it_and_the_answer_its_author(vault: Vault) -> None:
    rosa, version = portal.person("rosa"), portal.version()
    given = Feedback.objects.create(dataset=version.dataset, author=rosa, text="File 3 is cut.")
    assert told(entry(Kind.PROVISIONED, on=given.id, what="feedback")) == {
        "Stef": ("review", "Feedback on Prompts")
    }
    made = entry(Kind.PROVISIONED, on=given.id, what="feedback", answered=True)
    assert told(made) == {"Rosa": ("results", "Your feedback on Prompts is answered")}
    found = make.submission(State.RETURNED, vault=vault)
    make.review(found, Vote.RETURN, make.checker("Chloe"))
    about = Feedback.objects.create(submission=found, author=found.author, text="Why?")
    assert set(told(entry(Kind.PROVISIONED, on=about.id, what="feedback"))) == {"Chloe"}


@pytest.mark.parametrize(("by", "names"), [("portal", {"Rosa"}), ("enclave", {"Rosa"}), ("herself", set())])
def test_who_did_not_stop_their_session_is_told_that_it_ended(by: str, names: set[str]) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    session = portal.session(portal.project(member=rosa), rosa)
    who = rosa.id if by == "herself" else by
    made = entry(Kind.SESSION_ENDED, by=who, on=session.id, reason="Nothing happened in it for 60 minutes.")
    assert set(told(made)) == names
    for draft in derive.drafts(made):
        assert "60 minutes" in draft.body and draft.url == "/workspaces/vowels/"


def test_both_stewards_are_told_that_a_dataset_was_handed_over(policies: portal.Policies) -> None:
    dataset = portal.version("harbour").dataset
    ines = portal.person("ines", Role.DATA_STEWARD, second_factor=True)
    stewards.hand_over(by=dataset.steward, dataset=dataset, to=ines, seen=0)
    made = Entry.objects.get(subject=dataset.id, kind="provisioned")
    assert told(made) == {
        "Ines": ("given", "You are the steward of Harbour"),
        "Stef": ("taken", "Harbour was handed over"),
    }
    assert Dataset.objects.get().steward == ines
    with pytest.raises(WrongState):
        stewards.hand_over(by=ines, dataset=dataset, to=dataset.steward, seen=0)


def test_checkers_are_told_that_they_were_named_and_that_they_no_longer_are() -> None:
    project, named, dropped = make.project(), make.checker("Chloe"), make.checker("Carl")
    made = entry(
        Kind.PROVISIONED,
        on=project.id,
        what="project reviewers",
        approvals=3,
        named=[named.pk],
        added=[named.pk],
        dropped=[dropped.pk],
    )
    assert told(made) == {
        "Chloe": ("given", f"You review the outputs of {project.title}"),
        "Carl": ("taken", f"You are no longer named to review the outputs of {project.title}"),
    }
    assert "needs 3 approvals" in derive.drafts(made)[0].body
