"""A thousand tries at a password."""

from __future__ import annotations

import pytest

from hub.ledger.models import Entry
from tests import portal
from tests.integration.sign_in.test_known_browsers import comes_in, flood, signed_out

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1000)]


def test_of_a_thousand_guesses_few_are_tried_and_none_locks_out_who_was_here_before() -> None:
    who = portal.person("rosa")
    home = signed_out(who)
    flood(who, 1_000, addresses=200)
    tried = Entry.objects.filter(kind="sign_in_refused").count()
    assert tried == 20, f"{tried} guesses were tried"
    assert comes_in(home, who), "somebody else's guesses locked the right person out"
