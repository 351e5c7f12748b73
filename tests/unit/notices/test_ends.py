"""What ends is told at its stages, once each, to those it concerns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.access.models import Approval
from hub.notices import ends, reconciler
from hub.notices.models import Notice
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, Project
from tests import portal

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (-8, None),
        (-7, "ended"),
        (-1, "ended"),
        (0, "1"),
        (1, "1"),
        (2, "7"),
        (7, "7"),
        (8, "30"),
        (30, "30"),
        (31, None),
    ],
)
def test_a_day_is_in_its_stage(days: int, stage: str | None) -> None:
    assert ends.stage(TODAY + timedelta(days=days), TODAY) == stage


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


@pytest.fixture
def rosa(db: None) -> Person:
    """Somebody whose only end is an approval of her project, 30 days from now."""
    rosa = portal.person("rosa", Role.RESEARCHER)
    Training.objects.update(valid_until=portal.days(500))
    vowels = portal.project("vowels", member=rosa)
    Project.objects.update(closes_on=portal.days(500))
    portal.approval(vowels, portal.version())
    Training.objects.update(valid_until=portal.days(500))
    vowels.agreements.update(until=portal.days(500))
    return rosa


def test_an_approval_is_told_at_each_stage_once_to_members_and_steward(rosa: Person) -> None:
    # Twice on the first day of each stage; every later day of it is another look that says nothing.
    for day in sorted([*range(40), 0, 23, 29, 31]):
        reconciler.read_calendar(at=at(portal.days(day)))
    mine = Notice.objects.filter(person=rosa).order_by("at")
    assert [one.title.removeprefix("The use of Prompts, version 1.0 in Vowels ") for one in mine] == [
        "ends in 30 days",
        "ends in 7 days",
        "ends in 1 day",
        "has ended",
    ]
    assert Notice.objects.filter(person__name="Stef").count() == 4


def test_what_was_prolonged_or_revoked_is_told_no_more(rosa: Person) -> None:
    reconciler.read_calendar(at=at(portal.days(23)))
    Approval.objects.update(until=portal.days(300))
    reconciler.read_calendar(at=at(portal.days(24)))
    assert Notice.objects.filter(person=rosa).count() == 1
    Approval.objects.update(until=portal.days(25), revoked_at=at(TODAY))
    reconciler.read_calendar(at=at(portal.days(24)))
    assert Notice.objects.filter(person=rosa).count() == 1


def test_a_worker_that_slept_tells_the_present_stage(rosa: Person) -> None:
    reconciler.read_calendar(at=at(portal.days(26)))
    assert Notice.objects.get(person=rosa).title.endswith("ends in 4 days")


def test_training_counts_by_its_newest_record(rosa: Person) -> None:
    Approval.objects.update(until=portal.days(500))
    Training.objects.create(
        person=rosa, course="safe-researcher", completed_on=portal.days(0), valid_until=portal.days(3)
    )
    reconciler.read_calendar(at=at(portal.days(0)))
    assert not Notice.objects.exists()
    Training.objects.filter(person=rosa, valid_until__gt=portal.days(3)).delete()
    reconciler.read_calendar(at=at(portal.days(0)))
    assert Notice.objects.get().title == "Your training “safe-researcher” ends in 3 days"


def test_roles_memberships_projects_and_agreements_end_too(rosa: Person) -> None:
    Approval.objects.update(until=portal.days(500))
    RoleAssignment.objects.filter(person=rosa).update(valid_until=portal.days(1))
    Membership.objects.update(valid_until=portal.days(2))
    Project.objects.update(closes_on=portal.days(3))
    Project.objects.get().agreements.update(until=portal.days(4))
    reconciler.read_calendar(at=at(portal.days(0)))
    assert {one.title for one in Notice.objects.filter(person=rosa)} == {
        "Your role as researcher ends in 1 day",
        "Rosa’s membership in Vowels ends in 2 days",
        "The project Vowels ends in 3 days",
        "The agreement “Use” of Vowels ends in 4 days",
    }


def test_who_can_not_sign_in_is_not_told(rosa: Person) -> None:
    Person.objects.filter(pk=rosa.pk).update(suspended_at=at(TODAY))
    reconciler.read_calendar(at=at(portal.days(0)))
    assert not Notice.objects.filter(person=rosa).exists()
