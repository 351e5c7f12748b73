"""May I use it: the policies' own words for each of somebody's projects, asked as if nothing were running."""

from __future__ import annotations

import pytest
from django.test import Client

from hub.people.models import Role
from hub.policy.questions import StartSession
from hub.projects.models import MemberRole, Membership
from hub.stewardship import reach
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


def test_each_project_is_asked_for_with_the_version_alone(policies: Policies) -> None:
    rosa, version = portal.person("rosa", Role.RESEARCHER), portal.version("harbour")
    other = portal.version("market")
    vowels = portal.project(member=rosa)
    portal.approval(vowels, version, signed_by=rosa)
    portal.approval(vowels, other)
    portal.session(vowels, rosa)
    tones = portal.project("tones")
    Membership.objects.create(project=tones, person=rosa, role=MemberRole.PROJECT_LEAD.value)
    answers = reach.answers(rosa, version.dataset)
    assert [(one.project.slug, one.allow, one.may_ask) for one in answers] == [
        ("tones", True, True),
        ("vowels", True, False),
    ]
    asked = [question for question in policies.asked if isinstance(question, StartSession)]
    assert [len(question.datasets) for question in asked] == [1, 1]
    assert [len(question.datasets[0].approvals) for question in asked] == [0, 1]
    assert all(question.running == () for question in asked)
    assert all(question.datasets[0].version.id == version.id for question in asked)


def test_a_no_is_told_in_the_policies_words_and_opens_nothing(policies: Policies) -> None:
    rosa, version = portal.person("rosa", Role.RESEARCHER), portal.version("harbour")
    portal.approval(portal.project(member=rosa), version, signed_by=rosa)
    assert reach.usable(rosa) == {version.dataset_id}
    policies.deny("start", "Your training is over.")
    assert [(one.allow, one.reasons) for one in reach.answers(rosa, version.dataset)] == [
        (False, ("Your training is over.",))
    ]
    assert reach.usable(rosa) == frozenset()


def test_where_it_can_be_used_stands_first_and_the_rest_is_a_click_away(policies: Policies) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.version("harbour")
    for number in range(5):
        portal.project(f"study-{number}", member=rosa)
    client = Client(headers={"host": "portal.localhost"})
    client.force_login(rosa)
    policies.deny("start", "Your training is over.")
    page = client.get("/datasets/harbour/").content.decode()
    assert page.count("Your training is over.") == 5
    assert page.split("<summary>Not now in 2 more projects")[0].count("Your training is over.") == 3
    policies.denials.clear()
    page = client.get("/datasets/harbour/").content.decode()
    assert page.count("may be used</span>") == 5 and "Not now in" not in page


def test_silent_policies_are_a_no(policies: Policies) -> None:
    rosa, version = portal.person("rosa", Role.RESEARCHER), portal.version("harbour")
    portal.approval(portal.project(member=rosa), version, signed_by=rosa)
    policies.broken = True
    assert reach.usable(rosa) == frozenset()


def test_somebody_elses_and_ended_projects_are_not_asked_for(policies: Policies) -> None:
    rosa, version = portal.person("rosa", Role.RESEARCHER), portal.version("harbour")
    portal.approval(portal.project(), version)
    left = portal.project("left")
    Membership.objects.create(project=left, person=rosa, ended_at=rosa.created_at)
    portal.approval(left, version)
    assert reach.answers(rosa, version.dataset) == []
    assert reach.usable(rosa) == frozenset()
