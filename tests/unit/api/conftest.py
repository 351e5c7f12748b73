"""Callers of the API, each with a token of a real person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.people.models import Person, Role
from tests import portal
from tests.api import Caller, token_of


@pytest.fixture
def admin(db: None) -> Person:
    return portal.person("ada", Role.ADMIN, second_factor=True)


@pytest.fixture
def script(policies: portal.Policies) -> Callable[..., Caller]:
    """Return a caller for a person, with all scopes or those named."""
    return lambda person, *scopes: Caller(token_of(person, *scopes))
