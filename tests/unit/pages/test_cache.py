"""The cache in the database keeps what Django's own would, in one statement each time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.pages import cache as module
from hub.pages.cache import OneStatement

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
BOTH = pytest.mark.parametrize("made", [DatabaseCache, OneStatement])


def of(made: type[DatabaseCache], most: int = 1000) -> Any:
    return made("django_cache", {"OPTIONS": {"MAX_ENTRIES": most}})


@BOTH
def test_what_is_set_is_kept_until_its_time_and_what_is_set_again_is_the_later(made: Any) -> None:
    cache = of(made)
    with time_machine.travel(NOON, tick=False) as clock:
        cache.set("tries", [1.5], 60)
        cache.set("tries", [2.5, 1.5], 60)
        cache.set("for-ever", "is kept", None)
        assert cache.get("tries") == [2.5, 1.5]
        clock.shift(61)
        assert cache.get("tries") is None
        assert cache.get("for-ever") == "is kept"


@BOTH
def test_what_is_added_stays_as_it_is_while_it_lasts(made: Any) -> None:
    cache = of(made)
    with time_machine.travel(NOON, tick=False) as clock:
        assert cache.add("lock", "mine", 10)
        assert not cache.add("lock", "yours", 10)
        assert cache.get("lock") == "mine"
        clock.shift(12)
        assert cache.add("lock", "yours", 10)
        assert cache.get("lock") == "yours"
        cache.delete("lock")
        assert cache.add("lock", "mine", 10)


@BOTH
def test_what_is_touched_lasts_longer_and_nothing_is_made_of_nothing(made: Any) -> None:
    cache = of(made)
    with time_machine.travel(NOON, tick=False) as clock:
        cache.set("code", "said", 10)
        assert cache.touch("code", 100)
        assert not cache.touch("nothing", 100)
        clock.shift(60)
        assert cache.get("code") == "said"
        assert cache.get("nothing") is None


def test_what_is_over_goes_first_where_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 5)
    cache = of(OneStatement, most=20)
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(20):
            cache.set(f"old-{number}", "over", 10)
        clock.shift(30)
        for number in range(10):
            cache.set(f"new-{number}", "lasts", 10)
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM django_cache")
            assert cursor.fetchone()[0] <= 20
        assert all(cache.get(f"new-{number}") == "lasts" for number in range(10))


@pytest.mark.parametrize("change", ["set", "add", "touch", "delete"])
def test_each_change_is_one_statement(change: str) -> None:
    cache = of(OneStatement)
    said = {"set": ("said",), "add": ("said",)}.get(change, ())
    with CaptureQueriesContext(connection) as asked:
        getattr(cache, change)("tries", *said)
    assert len(asked) == 1
