"""Feedback: in one's own name, answered once, on the ledger; denied words are kept nowhere."""

from __future__ import annotations

import pytest
from django.test import Client

from egress_review.models import Conflict, Submission
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Entry
from hub.people.models import Role
from hub.policy import questions
from hub.projects.models import Membership
from hub.stewardship import feedback
from hub.stewardship.models import Feedback
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


def test_what_is_said_reaches_the_steward_and_gets_an_answer(policies: Policies) -> None:
    dataset, rosa = portal.version().dataset, portal.person("rosa", Role.RESEARCHER)
    said = feedback.give(by=rosa, text=" r1 is silent \n", dataset=dataset)
    assert (said.text, said.answered_at) == ("r1 is silent", None)
    asked = policies.asked[-1]
    assert isinstance(asked, questions.DatasetFeedback)
    assert (asked.what, asked.author) == ("give", rosa.id)
    feedback.answer(by=dataset.steward, feedback=said, text="Mended.", row_version=0)
    said.refresh_from_db()
    assert (said.answer, said.answered_by) == ("Mended.", dataset.steward)
    # What somebody wrote stays out of the ledger.
    assert [entry.facts for entry in Entry.objects.filter(subject=said.id)] == [
        {"what": "feedback", "about": dataset.id},
        {"what": "feedback", "answered": True},
    ]


@pytest.mark.parametrize("text", ["", "   ", "x" * 5_001, "a\0b", "x" * 10_000_000])
def test_empty_too_long_and_null_are_told(text: str, policies: Policies) -> None:
    dataset, rosa = portal.version().dataset, portal.person("rosa")
    with pytest.raises(Invalid):
        feedback.give(by=rosa, text=text, dataset=dataset)
    assert not Feedback.objects.exists()


def test_a_second_click_says_nothing_twice(policies: Policies) -> None:
    dataset, rosa = portal.version().dataset, portal.person("rosa")
    feedback.give(by=rosa, text="r1", dataset=dataset)
    with pytest.raises(WrongState, match="already"):
        feedback.give(by=rosa, text="r1 ", dataset=dataset)
    feedback.give(by=portal.person("noor"), text="r1", dataset=dataset)
    assert Feedback.objects.count() == 2


def test_an_answer_is_given_once(policies: Policies) -> None:
    dataset = portal.version().dataset
    said = feedback.give(by=portal.person("rosa"), text="r1", dataset=dataset)
    feedback.answer(by=dataset.steward, feedback=said, text="One.", row_version=0)
    for row_version in (0, 1):
        with pytest.raises(WrongState, match="answered"):
            feedback.answer(by=dataset.steward, feedback=said, text="Two.", row_version=row_version)
    said.refresh_from_db()
    assert said.answer == "One."


def test_a_denial_keeps_nothing(policies: Policies) -> None:
    dataset, rosa = portal.version().dataset, portal.person("rosa")
    said = feedback.give(by=rosa, text="r1", dataset=dataset)
    policies.deny("dataset_feedback")
    with pytest.raises(Refused):
        feedback.give(by=rosa, text="r2", dataset=dataset)
    with pytest.raises(Refused):
        feedback.answer(by=rosa, feedback=said, text="I answer myself.", row_version=0)
    with pytest.raises(Refused):
        feedback.read(by=rosa, feedback=said)
    said.refresh_from_db()
    assert (Feedback.objects.count(), said.answer) == (1, "")


def test_feedback_has_one_subject(policies: Policies) -> None:
    with pytest.raises(Invalid):
        feedback.give(by=portal.person("rosa"), text="About nothing")


def test_a_checkers_home_and_list_lead_to_what_waits_for_them_and_to_nothing_else(
    policies: Policies, client: Client
) -> None:
    author = portal.person("rosa", Role.RESEARCHER)
    checker, tied, apart = (
        portal.person(name, Role.OUTPUT_CHECKER, second_factor=True) for name in ("chloe", "tied", "apart")
    )
    project = portal.project(member=author)
    Membership.objects.create(project=project, person=tied)
    Conflict.objects.create(project=project, person=apart, reason="We share a lab")
    made = Submission.objects.create(
        session=portal.session(project, author),
        project=project,
        author=author,
        title="Formants",
        context="c",
        controls="c",
    )
    Feedback.objects.create(submission=made, author=author, text="Which number is too small?")
    for person, sees in ((checker, True), (tied, False), (apart, False), (author, False)):
        client.force_login(person)
        home, listed = (client.get(path).content.decode() for path in ("/", "/stewardship/feedback/"))
        assert ("asks about a decision" in home) is sees, person
        assert ("Which number" in listed.partition("What you said")[0]) is sees, person
    policies.deny("submission_feedback")
    client.force_login(checker)
    listed = client.get("/stewardship/feedback/").content.decode()
    # That something waits is no secret of its project; its words are.
    assert "A decision on a submission" in listed and "Which number" not in listed


def test_what_one_person_says_of_one_dataset_is_asked_about_once(policies: Policies) -> None:
    dataset = portal.version().dataset
    rosa, ruth = portal.person("rosa"), portal.person("ruth")
    said = [
        Feedback.objects.create(dataset=dataset, author=author, text=f"r{number}")
        for number, author in enumerate((rosa, rosa, ruth))
    ]
    shown = list(Feedback.objects.with_people())
    assert feedback.readable(by=dataset.steward, shown=shown) == {one.pk for one in said}
    assert sorted(one.to_input()["author"] for one in policies.asked) == sorted([rosa.id, ruth.id])
    policies.deny("dataset_feedback")
    assert feedback.readable(by=dataset.steward, shown=shown) == set()
