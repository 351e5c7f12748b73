"""Entries a day: the same whether they are kept, counted now or both, and never counted twice."""

from __future__ import annotations

from datetime import date
from threading import Event
from types import SimpleNamespace

import pytest

from hub import control_loop
from hub.audit import tallies, timeline
from hub.audit.models import Tally
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles
from tests.unit.audit.made import entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tiles")]
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)


@pytest.fixture
def some() -> None:
    for day in (1, 1, 2, 31):
        entry(Kind.SAVED, at=f"2026-01-{day:02d}T23:59:59")
    entry(Kind.VOTED, at="2026-02-01T00:00:00")


EXPECTED = {
    (date(2026, 1, 1), "saved"): 2,
    (date(2026, 1, 2), "saved"): 1,
    (date(2026, 1, 31), "saved"): 1,
}


@pytest.mark.parametrize("kept", [0, 1, 3, 5])
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_kept_and_counted_are_the_same(
    some: None, kept: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "BATCH_ENTRIES", batch)
    for _ in range(2):
        tallies.keep(kept)
    assert tallies.between(FIRST, LAST) == EXPECTED
    assert sum(Tally.objects.values_list("count", flat=True)) == kept


def test_a_page_that_finds_much_uncounted_keeps_it(some: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "UNKEPT_ENTRIES", 2)
    assert tallies.between(FIRST, LAST) == EXPECTED
    assert sum(Tally.objects.values_list("count", flat=True)) == Entry.objects.count()


def test_the_worker_keeps_them(some: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Event()
    monkeypatch.setattr(control_loop, "connections", SimpleNamespace(close_all=stop.set))
    tallies.run(stop)
    assert sum(Tally.objects.values_list("count", flat=True)) == timeline.size()


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (date(2026, 1, 30), date(2026, 2, 1), ["30 Jan", "31 Jan", "1 Feb"]),
        (date(2026, 1, 1), date(2026, 1, 1), ["1 Jan"]),
    ],
)
def test_each_day_has_its_bar(first: date, last: date, labels: list[str], tiles: Tiles) -> None:
    plot = tallies.drawn("Entries", tallies.between(first, last), first, last)
    assert [mark.label for mark in plot.marks] == labels


def test_long_spans_are_drawn_by_week_and_by_month() -> None:
    weeks = tallies.drawn("x", tallies.between(FIRST, date(2026, 6, 30)), FIRST, date(2026, 6, 30))
    months = tallies.drawn("x", tallies.between(FIRST, date(2028, 6, 30)), FIRST, date(2028, 6, 30))
    assert len(weeks.marks) == 27 and len(months.marks) == 30
