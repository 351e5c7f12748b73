"""Home: what waits for each role, since when, until when; why a project is closed, and whom to ask."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from egress_review.models import Submission
from hub.access import requests
from hub.access.models import Approval
from hub.datasets.models import Intake
from hub.pages import home, steps
from hub.people.models import Person, Role, Training
from hub.projects import member_requests
from hub.projects.models import Membership, Project, Wish
from hub.stewardship.models import Feedback
from hub.workspaces.models import Session
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


def waiting(person: Person) -> list[steps.Step]:
    today = portal.TODAY()
    return steps.steps_of(person, person.roles_on(today), home.places_of(person, today), today)


def submission(author: Person, state: str, *, slug: str = "tones", **more: object) -> Submission:
    project = portal.project(slug, member=author)
    return Submission.objects.create(
        session=portal.session(project, author),
        project=project,
        author=author,
        title="A table",
        context="c",
        controls="c",
        state=state,
        **more,
    )


def test_who_may_not_work_reads_the_policies_reason_and_whom_to_ask(
    policies: Policies, client: Client
) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.person("ada", Role.ADMIN, second_factor=True)
    project = portal.project(member=rosa)
    portal.approval(project, portal.version(), signed_by=rosa)
    policies.deny("start", "Your training has run out.")
    client.force_login(rosa)
    page = client.get("/").content.decode()
    assert "Why you can’t work in it now" in page
    assert "Your training has run out." in page
    assert "mailto:ada@north.example" in page
    assert "Work in Vowels" not in page


def test_a_checker_is_told_since_when_the_oldest_waits_and_not_of_their_own(policies: Policies) -> None:
    checker = portal.person("carl", Role.OUTPUT_CHECKER, second_factor=True)
    submission(portal.person("rosa", Role.RESEARCHER), "in_review")
    old = datetime(2026, 1, 2, tzinfo=UTC)
    Submission.objects.update(submitted_at=old)
    [step] = [one for one in waiting(checker) if "review" in one.title]
    assert step.since == old
    Membership.objects.create(project=Submission.objects.get().project, person=checker)
    assert [one for one in waiting(checker) if "review" in one.title] == []


def test_a_steward_is_told_the_day_on_which_the_first_approval_ends(policies: Policies) -> None:
    version = portal.version()
    one = portal.approval(portal.project(), version)
    Approval.objects.filter(pk=one.pk).update(until=portal.days(3))
    [step] = [each for each in waiting(version.dataset.steward) if "approval" in each.title]
    assert step.due == portal.days(3)


def test_a_lead_is_told_of_data_that_ends_before_the_project_until_somebody_asks(policies: Policies) -> None:
    lena, rosa = portal.person("lena", Role.RESEARCHER), portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=rosa)
    Membership.objects.create(project=project, person=lena, role="project_lead")
    approval = portal.approval(project, portal.version(), signed_by=lena)

    def told(who: Person) -> list[date | None]:
        return [one.due for one in waiting(who) if "for a short time" in one.title]

    assert told(lena) == []
    Approval.objects.update(until=portal.days(9))
    assert (told(lena), told(rosa)) == ([portal.days(9)], [])
    asked = requests.ask(
        by=lena, project=project, version=approval.version, until=portal.days(20), reason="more runs"
    )
    assert told(lena) == []
    requests.withdraw(by=lena, request=asked)
    Project.objects.update(closes_on=portal.days(9))
    assert told(lena) == []


def test_an_admin_is_told_of_a_held_release_and_of_training_that_runs_out(policies: Policies) -> None:
    admin = portal.person("ada", Role.ADMIN, second_factor=True)
    rosa = portal.person("rosa", Role.RESEARCHER)
    submission(rosa, "approved", held_reason="A file was altered in the vault.")
    Training.objects.filter(person=rosa).update(valid_until=portal.days(5))
    titles = {step.title: step for step in waiting(admin)}
    assert titles["The release of “A table” is held"].text == "A file was altered in the vault."
    assert titles["One member’s training runs out within 30 days"].due == portal.days(5)


@pytest.mark.parametrize(
    ("role", "begins"), [(Role.ADMIN, "Propose a project"), (Role.DATA_STEWARD, "Add a dataset")]
)
def test_whoever_can_begin_reads_what_comes_first_until_it_is_begun(
    role: Role, begins: str, policies: Policies, client: Client
) -> None:
    somebody = portal.person("somebody", role, second_factor=True)
    client.force_login(somebody)
    assert begins in client.get("/").content.decode()
    portal.project()
    portal.version(steward=somebody)
    assert begins not in client.get("/").content.decode()
    client.force_login(portal.person("rosa", Role.RESEARCHER))
    assert begins not in client.get("/").content.decode()


def test_home_asks_the_database_no_more_for_more_projects(policies: Policies) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    counts = []
    for number in (8, 24):
        for at in range(Membership.objects.count(), number):
            portal.project(f"p{at}", member=rosa)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            waiting(rosa)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def more_of_everything(person: Person, number: int) -> None:
    """Give somebody who holds every role one more of each thing that home can speak of."""
    author = portal.person(f"author{number}", Role.RESEARCHER)
    submission(author, "in_review", slug=f"theirs{number}")
    Feedback.objects.create(submission=submission(author, "rejected", slug=f"decided{number}"), author=author)
    for state in ("in_review", "differing", "returned"):
        submission(person, state, slug=f"own-{state}{number}")
    submission(author, "approved", slug=f"held{number}", held_reason="A file was altered in the vault.")
    Session.objects.update(state="ended")
    version = portal.version(f"data{number}", steward=person)
    led = portal.project(f"led{number}", member=person)
    approval = portal.approval(led, version)
    Approval.objects.filter(pk=approval.pk).update(until=portal.days(9))
    Membership.objects.filter(project=led).update(role="project_lead")
    asked = portal.version(f"more{number}", steward=person)
    requests.ask(by=person, project=led, version=asked, until=portal.days(20), reason="more runs")
    Intake.objects.create(
        dataset=asked.dataset, version="2.0", folder="f", state="ready", requested_by=person
    )
    Feedback.objects.create(dataset=version.dataset, author=author, text="Recording r1 is silent.")
    member_requests.ask(by=person, project=led, wish=Wish.JOIN, email=author.email, reason="As agreed.")
    Training.objects.filter(person=author).update(valid_until=portal.days(5))


def test_home_asks_the_database_as_often_on_a_quiet_day_as_on_a_full_one(policies: Policies) -> None:
    everyone = portal.person("ida", *Role, second_factor=True)
    # The first six projects of somebody cost a question to the policies each.
    for number in range(home.MOST_ASKED):
        begun = portal.project(f"begun{number}", member=everyone)
        portal.approval(begun, portal.version(f"begun{number}"))
    Membership.objects.filter(person=everyone).update(role="project_lead")
    asked, told = [], []
    for number in range(4):
        with CaptureQueriesContext(connection) as queries:
            said = waiting(everyone)
        asked.append(len(queries))
        told.append(len([one for one in said if not one.title.startswith("Sign ")]))
        more_of_everything(everyone, number)
    assert told[0] <= 2 and told[1] > 12, told
    assert len(set(asked)) == 1, asked


def test_a_lead_asks_for_data_from_home_until_the_project_has_some(
    policies: Policies, client: Client
) -> None:
    lena, rosa = portal.person("lena", Role.PROJECT_LEAD), portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=rosa)
    Membership.objects.create(project=project, person=lena, role="project_lead")

    def offered(who: Person) -> bool:
        client.force_login(who)
        return f'href="/projects/{project.slug}/ask/"' in client.get("/").content.decode()

    assert (offered(lena), offered(rosa)) == (True, False)
    portal.approval(project, portal.version())
    assert not offered(lena)


def test_open_projects_come_before_those_that_are_over(policies: Policies) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    for slug, state in (("aa", "closed"), ("bb", "proposed"), ("cc", "open")):
        portal.project(slug, state=state, member=rosa)
    assert [one.project.slug for one in home.places_of(rosa, portal.TODAY())] == ["cc", "aa", "bb"]


def test_a_custodian_reads_which_commands_look_after_the_keys(policies: Policies, client: Client) -> None:
    client.force_login(portal.person("kim", Role.KEY_CUSTODIAN, second_factor=True))
    page = client.get("/").content.decode()
    for command in ("python3 -m hub rotate", "python3 -m hub backup --new-key FILE"):
        assert f"<code>{command}</code>" in page
