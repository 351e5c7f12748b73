"""The timeline finds what is looked for, page by page, and nothing else; what can't be used is said."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.audit import timeline
from hub.audit.filters import DENIALS, Filter, place
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles
from hub.people.models import Person, Role
from tests import portal
from tests.unit.audit.made import entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tiles", "policies")]


def found(**looked_for: Any) -> list[int]:
    return [row.index for row in timeline.page(Filter(**looked_for)).rows]


@pytest.fixture
def some() -> None:
    entry(Kind.SIGNED_IN, by="01rosa", on="01rosa", at="2026-01-01T09:00:00")
    entry(
        Kind.SUSPENDED, by="01adam", on="01rosa", at="2026-01-02T00:00:00", reason="Training “late” is über"
    )
    entry(Kind.DECISION_DENIED, by="01rosa", on="01vowels", at="2026-01-02T23:59:59", reasons=["No."])
    entry(Kind.GATE_REFUSED, by="01rosa", on="01session", at="2026-01-03T00:00:00", path="/x%y_z")


@pytest.mark.parametrize(
    ("looked_for", "indexes"),
    [
        ({}, [3, 2, 1, 0]),
        ({"kinds": (Kind.SIGNED_IN,)}, [0]),
        ({"kinds": DENIALS}, [3, 2]),
        ({"person": "01rosa"}, [3, 2, 1, 0]),
        ({"person": "01adam"}, [1]),
        ({"person": "01adam", "kinds": (Kind.SIGNED_IN,)}, []),
        ({"subject": "01vowels"}, [2]),
        ({"since": date(2026, 1, 2)}, [3, 2, 1]),
        ({"until": date(2026, 1, 2)}, [2, 1, 0]),
        ({"since": date(2026, 1, 2), "until": date(2026, 1, 2)}, [2, 1]),
        ({"since": date(1, 1, 1), "until": date(9999, 12, 31)}, [3, 2, 1, 0]),
        ({"since": date(9999, 12, 31)}, []),
        ({"until": date(1, 1, 1)}, []),
        ({"text": "late"}, [1]),
        ({"text": "“late” is über"}, [1]),
        ({"text": "x%y_z"}, [3]),
        ({"text": "x_y%z"}, []),
        ({"text": "nowhere"}, []),
    ],
)
def test_it_finds_what_is_looked_for(some: None, looked_for: dict[str, Any], indexes: list[int]) -> None:
    assert found(**looked_for) == indexes


def test_pages_lead_back_and_forth_without_a_gap_or_a_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PAGE_SIZE", 3)
    for number in range(8):
        entry(Kind.SAVED if number % 2 else Kind.VOTED, by="01rosa", on="01rosa")
    pages, before = [], None
    while True:
        page = timeline.page(Filter(person="01rosa"), before=before)
        pages.append([row.index for row in page.rows])
        if page.older is None:
            break
        before = page.older
    assert pages == [[7, 6, 5], [4, 3, 2], [1, 0]]
    newer = timeline.page(Filter(person="01rosa"), after=1)
    assert [row.index for row in newer.rows] == [4, 3, 2] and newer.newer == 4
    assert timeline.page(Filter(), after=7).rows == ()


def test_words_are_looked_for_in_steps_and_the_page_says_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "SEARCHED_AT_ONCE", 4)
    entry(Kind.SUSPENDED, reason="needle")
    for _ in range(9):
        entry(Kind.SAVED)
    page = timeline.page(Filter(text="needle"))
    assert page.rows == () and page.searched_to == page.older == 6
    page = timeline.page(Filter(text="needle"), before=page.older)
    assert page.rows == () and page.older == 2
    page = timeline.page(Filter(text="needle"), before=page.older)
    assert [row.index for row in page.rows] == [0] and page.older is None


def test_a_clock_that_was_set_back_hides_nothing() -> None:
    entry(Kind.SAVED, at="2026-01-03T00:00:05")
    entry(Kind.VOTED, at="2026-01-02T23:59:58")
    entry(Kind.SAVED, at="2026-01-03T00:00:06")
    assert found(until=date(2026, 1, 2)) == [1]
    assert found(since=date(2026, 1, 3)) == [2, 0]


def test_the_number_of_queries_does_not_grow(reads: Client) -> None:
    def queries() -> int:
        reads.get("/ledger/")
        with CaptureQueriesContext(connection) as seen:
            reads.get("/ledger/")
        return len(seen)

    def more(count: int) -> None:
        for _ in range(count):
            one = portal.person(f"p{Person.objects.count()}", Role.RESEARCHER)
            entry(Kind.ROLE_CHANGED, by=one.id, on=one.id, role="researcher", held=True)

    more(3)
    few = queries()
    more(57)
    assert queries() == few


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=2026-02-30", "Enter a valid date"),
        ("since=99999-01-01", "Enter a valid date"),
        ("since=2026-01-02&until=2026-01-01", "lies before the first"),
        ("kind=everything", "Select a valid choice"),
        ("person=%00", "Null characters are not allowed"),
        ("text=%00", "Null characters are not allowed"),
        ("text=" + "x" * 101, "at most 100 characters"),
        ("person=" + "x" * 5000, "at most 200 characters"),
        ("person=nobody-here", "Nobody here is called that"),
        ("person=%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("subject=%E2%80%AE%22%3E%3Cb%3E", "&quot;&gt;&lt;b&gt;"),
        ("before=-1", "Ledger"),
        ("before=" + "9" * 400, "Ledger"),
        ("after=١٢", "Ledger"),
        ("since=0001-01-01&until=9999-12-31", "Entries"),
        ("until=0001-01-01", "No entry is like this"),
    ],
)
def test_what_can_not_be_used_is_said(query: str, says: str, reads: Client, some: None) -> None:
    answer = reads.get(f"/ledger/?{query}")
    page = answer.content.decode()
    assert answer.status_code == 200 and says in page and "<script>" not in page and "<b>" not in page


def test_nothing_typed_is_lost_on_an_error(reads: Client) -> None:
    page = reads.get("/ledger/?since=never&text=kept+%26+shown").content.decode()
    assert 'value="kept &amp; shown"' in page and 'value="never"' in page


def test_namesakes_are_offered(reads: Client) -> None:
    first, second = portal.person("rosa one", Role.RESEARCHER), portal.person("rosa two", Role.RESEARCHER)
    page = reads.get("/ledger/?person=rosa&kind=saved").content.decode()
    assert "Whom do you mean?" in page
    for one in (first, second):
        assert f"?person={one.id}&amp;kind=saved" in page or f"?kind=saved&amp;person={one.id}" in page


def test_ids_in_facts_are_read_as_names_and_stay_ids_on_the_ledger(reads: Client) -> None:
    rosa, vowels = portal.person("rosa", Role.RESEARCHER), portal.project("vowels")
    made = entry(Kind.MEMBERSHIP_CHANGED, by="operator", on=rosa.id, project=vowels.id, member=True)
    page = reads.get("/ledger/").content.decode()
    assert "project: Vowels" in page and "the operator" in page
    assert Entry.objects.get(index=made.index).facts["project"] == vowels.id


def test_hostile_facts_are_shown_as_they_are(reads: Client) -> None:
    entry(Kind.SUSPENDED, on="01x", reason="<img src=x onerror=alert(1)>\u202e", more={"deep": [1]}, odd=[1])
    entry(Kind.SAVED, on="01y", reasons=["<script>1</script>", 7])
    page = reads.get("/ledger/").content.decode()
    assert "<img" not in page.split("</header>")[1] and "&lt;img src=x" in page and "<script>" not in page


@pytest.mark.parametrize(
    ("written", "number"), [("12", 12), ("", None), ("-3", None), ("x", None), ("9" * 30, None), ("²", None)]
)
def test_a_place_is_a_number_or_nothing(written: str, number: int | None) -> None:
    assert place({"before": written}, "before") == number


def test_the_plots_are_drawn_of_what_there_is(reads: Client, some: None, tiles: Tiles) -> None:
    page = reads.get("/ledger/?since=2026-01-01&until=2026-01-03").content.decode()
    assert "2 Jan: 2<" in page and "No" in page
    kinds = reads.get("/ledger/kinds/?since=2026-01-01&until=2026-01-03").content.decode()
    assert "Decisions refused" in kinds and "3 Jan: 1<" in kinds
