"""Wrong secrets are counted by the address they came from: a network of IPv6 is one, each of IPv4 another."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from hub.api import misses


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
