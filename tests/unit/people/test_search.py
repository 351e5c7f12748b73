"""Finding people: each filter alone, and a number of queries that does not grow with the list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.notices import audience
from hub.pages import home
from hub.people import invitations, search
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.people.search import Wanted
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(policies: Policies) -> Person:
    return portal.person("ada", Role.ADMIN, second_factor=True)


def names(**wanted: str) -> list[str]:
    return [one.name for one in search.people(Wanted(**wanted))]


def test_each_filter_finds_its_own(ada: Person) -> None:
    rosa, over = portal.person("rosa", Role.RESEARCHER), portal.person("otto")
    RoleAssignment.objects.create(person=over, role=Role.AUDITOR.value, valid_until=portal.days(-1))
    Training.objects.filter(person=rosa).update(valid_until=portal.days(10))
    Training.objects.filter(person=over).update(valid_until=portal.days(-1), completed_on=portal.days(-9))
    invitations.send(by=ada, person=rosa)
    assert names(text="OS") == ["Rosa"]
    assert names(role="auditor") == [], "a role that is over is not held"
    assert names(role="researcher") == ["Rosa"]
    assert names(institution="north") == ["Ada", "Otto", "Rosa"] and names(institution="south") == []
    assert names(training="soon") == ["Otto", "Rosa"]
    assert names(training="over") == names(training="none") == ["Otto"]
    assert names(standing="invited") == ["Rosa"]
    Person.objects.filter(pk=rosa.pk).update(is_active=False)
    assert names(standing="closed") == ["Rosa"] and "Rosa" not in names(standing="active")


@pytest.mark.parametrize(("last", "holds"), [(-1, False), (0, True), (1, True), (None, True)])
def test_a_role_is_held_through_its_last_day_however_it_is_asked(last: int | None, holds: bool) -> None:
    ada = portal.person("ada", Role.ADMIN)
    RoleAssignment.objects.update(valid_until=None if last is None else portal.days(last))
    today = portal.TODAY()
    asked = {
        Role.ADMIN in Person.objects.with_roles().get().roles_on(today),
        RoleAssignment.objects.current(today).exists(),
        ada in Person.objects.holding(Role.ADMIN, today),
        names(role="admin") == ["Ada"],
        ada in home.admins(today),
        ada in audience.admins(),
    }
    assert asked == {holds}
    Person.objects.update(suspended_at=datetime.now(UTC))
    assert not Person.objects.holding(Role.ADMIN, today).exists()


def test_a_course_taken_again_has_not_run_out(ada: Person) -> None:
    old = Training.objects.get(person=ada)
    Training.objects.filter(pk=old.pk).update(completed_on=portal.days(-9), valid_until=portal.days(-1))
    assert names(training="over") == ["Ada"]
    Training.objects.create(
        person=ada, course=old.course, completed_on=portal.days(0), valid_until=portal.days(99)
    )
    assert names(training="over") == []


@pytest.mark.parametrize(
    "query", ["text=%00", "text=" + "x" * 200, "role=king", "page=-1", "page=zzz", "x=%3Cb%3E"]
)
def test_a_search_that_makes_no_sense_is_no_error(query: str, ada: Person) -> None:
    browser = Client(headers={"host": "portal.localhost"})
    browser.force_login(ada)
    assert browser.get(f"/people/?{query}").status_code == 200


def test_the_list_asks_the_same_number_of_queries_whatever_its_size(ada: Person) -> None:
    browser = Client(headers={"host": "portal.localhost"})
    browser.force_login(ada)
    browser.get("/people/")
    counted = []
    for number in (3, 30):
        for index in range(number):
            portal.person(f"p{number}x{index}", Role.RESEARCHER)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/people/").status_code == 200
        counted.append(len(asked))
    assert counted[0] == counted[1]
