"""Wrong secrets are counted by the address they came from: a network of IPv6 is one, each of IPv4 another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import RequestFactory

from hub.api import misses
from hub.ledger.models import Entry


@pytest.mark.parametrize(
    ("came_from", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unix socket"),
    ],
)
def test_an_address_is_counted_by_itself_or_by_its_network(came_from: str, counted_as: str) -> None:
    assert misses.address_of(RequestFactory().get("/", REMOTE_ADDR=came_from)) == counted_as


@pytest.mark.django_db
def test_a_secret_missed_while_the_ledger_is_told_of_its_minute_is_told_of_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = datetime.now(UTC)
    # What is counted knows its minute before it waits for the row that is being told of.
    monkeypatch.setattr(misses, "_minute", lambda: int(at.timestamp() // 60) - 2)
    for _ in range(2):
        misses.count("192.0.2.7")
        misses.step(at=at)
    assert sum(entry.facts["tries"] for entry in Entry.objects.filter(kind="secrets_missed")) == 2
