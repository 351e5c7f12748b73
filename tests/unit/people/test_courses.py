"""Training from a table: every row is judged before anything is written, then all is, or nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from hub.errors import Invalid, Refused
from hub.people import courses
from hub.people.models import Person, Role, Training
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db
HEAD = "email,course,completed_on,valid_until\n"
GOOD = "rosa@north.example,output-checking,2026-01-01,2027-01-01\n"


@pytest.fixture
def admin(policies: Policies) -> Person:
    portal.person("rosa", Role.RESEARCHER)
    return portal.person("ada", Role.ADMIN)


WRONG_TABLES = {
    "": "first line has to name",
    "email,course\nx,y\n": "first line has to name",
    HEAD: "no row below",
    HEAD + "\n , , , \n": "no row below",
    HEAD + 'a,"b\n': "is not CSV",
    HEAD + GOOD.replace("rosa", "ro\0sa"): "null byte",
    HEAD + GOOD * 1001: "more than 1000 rows",
    "x" * 400_001: "at most 400,000",
}


@pytest.mark.parametrize("text", WRONG_TABLES, ids=[repr(one)[:30] for one in WRONG_TABLES])
def test_a_table_that_cannot_be_read_says_why(text: str, admin: Person) -> None:
    with pytest.raises(Invalid, match=WRONG_TABLES[text]):
        courses.read(text, by=admin)


WRONG_ROWS = {
    "nobody@north.example,x,2026-01-01,2027-01-01": "nobody has this address",
    "rosa@north.example,,2026-01-01,2027-01-01": "course is missing",
    "rosa@north.example,x,1.1.2026,2027-01-01": "completed_on is not a day",
    "rosa@north.example,x,2026-01-01,2026-02-30": "valid_until is not a day",
    "rosa@north.example,x,2026-02-01,2026-01-01": "ends before it was completed",
    "rosa@north.example,x,2026-02-01,2027-01-01,more": "more cells than columns",
    "rosa@north.example,x": "is not a day",
    GOOD.strip(): "the same row stands above",
    "=cmd|' /C calc'!A0,x,2026-01-01,2027-01-01": "nobody has this address",
    "‮rosa@north.example,x,2026-01-01,2027-01-01": "nobody has this address",
}


@pytest.mark.parametrize("row", WRONG_ROWS)
def test_one_wrong_row_keeps_the_whole_table_out(row: str, admin: Person) -> None:
    table = courses.read(HEAD + GOOD + row + "\n", by=admin)
    assert [bool(one.error) for one in table] == [False, True]
    assert WRONG_ROWS[row] in table[1].error
    before = Training.objects.count()
    with pytest.raises(Invalid, match="Nothing was written: 1 rows can’t be, the first is line 3"):
        courses.record(by=admin, table=table)
    assert Training.objects.count() == before


def test_what_the_policies_would_refuse_is_said_before_anything_is_written(
    admin: Person, policies: Policies
) -> None:
    policies.deny("record_training", "Nobody records their own training.")
    (row,) = courses.read(HEAD + GOOD, by=admin)
    assert "Nobody records their own training" in row.error


def test_a_refusal_after_the_preview_writes_nothing(admin: Person, policies: Policies) -> None:
    table = courses.read(HEAD + GOOD, by=admin)
    before = Training.objects.count()
    policies.deny("record_training")
    with pytest.raises(Refused):
        courses.record(by=admin, table=table)
    assert Training.objects.count() == before


def test_a_right_table_is_written_whole_also_with_semicolons_and_a_mark(admin: Person) -> None:
    text = "\ufeff" + (HEAD + GOOD + "ROSA@north.example,second,2026-01-01,2027-01-01\r\n").replace(",", ";")
    table = courses.read(text, by=admin)
    assert courses.record(by=admin, table=table) == 2
    assert set(Training.objects.values_list("course", flat=True)) >= {"output-checking", "second"}
    again = courses.read(text, by=admin)
    assert all("already recorded" in row.error for row in again)


def test_the_page_writes_only_when_it_was_confirmed(admin: Person) -> None:
    browser = Client(headers={"host": "portal.localhost"})
    browser.force_login(portal.person("eva", Role.ADMIN, second_factor=True))
    seen = browser.post("/provisioning/training/", {"text": HEAD + GOOD})
    assert b"Record 1 row" in seen.content and not Training.objects.filter(course="output-checking").exists()
    wrong = browser.post("/provisioning/training/", {"text": HEAD + "<b>x</b>,,,", "confirmed": "on"})
    assert b"&lt;b&gt;x" in wrong.content and not Training.objects.filter(course="output-checking").exists()
    browser.post("/provisioning/training/", {"text": HEAD + GOOD, "confirmed": "on"})
    assert Training.objects.filter(course="output-checking").count() == 1
