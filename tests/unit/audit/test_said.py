"""What an entry says in a line: words where the ledger keeps codes, and nothing that tells nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hub.audit import said
from hub.audit.names import Named
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles
from hub.people.models import Role
from hub.policy.questions.question import Question
from tests import portal
from tests.portal import Policies
from tests.unit.audit.made import entry

ID, OTHER = "01m8j7nmb0fdprkme17mgb8d3x", "01m8j7nmb0fdprkme17mgb8d3y"


def test_every_action_that_leave_is_asked_for_has_words() -> None:
    assert {one.action for one in Question.__subclasses__()} == set(said.ACTIONS)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"action": "read_records", "reasons": [], "request": "x"}, "to read records"),
        ({"reasons": ["Wait."], "action": "start", "request": ""}, "to start a session · Wait."),
        ({"action": "not_known_here"}, "not known here"),
        ({"what": "project", "opens_on": "2026-03-02"}, "project · opens on: 2 Mar 2026"),
        ({"state": "in_review", "what": "page"}, "page · state: in review"),
        ({"second_factor": True, "held": False}, "second factor: yes · held: no"),
        ({"file": ID, "review": OTHER, "version": 3}, "file: table.csv · version: 3"),
        ({"file": "0ae6536405c069ecce8a48c8a72154e71c0872ff877b0d59d93b8e3c5aaad833"}, "file: 0ae6536405c0…"),
        ({"scopes": ["people_read", "training_write"]}, "scopes: people read, training write"),
        ({"files": [{"sha256": "0"}, {"sha256": "1"}]}, "files: 2"),
        ({"findings": {"block": 1, "note": 2}}, "findings: 1 block, 2 note"),
        ({"expires_at": "2026-03-02T09:05:00+02:00"}, "expires at: 2 Mar 2026, 07:05 UTC"),
        ({"valid_until": "", "reason": "2026-99-99"}, "reason: 2026-99-99"),
        ({"reason": "r" * 200}, "reason: " + "r" * 151 + "…"),
        ("erased", ""),
    ],
)  # fmt: skip
def test_facts_are_told_in_words(facts: Any, words: str) -> None:
    named = {ID: Named(ID, "table.csv", "file"), OTHER: Named(OTHER, OTHER)}
    assert said.of(Entry(facts=facts), named) == words


@pytest.mark.django_db
def test_the_timeline_and_the_entry_say_what_leave_was_asked_for(
    reads: Client, tiles: Tiles, policies: Policies
) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    made = entry(Kind.DECISION_ALLOWED, by=rosa.id, on="people", action="read_records", reasons=[])
    for path in ("/ledger/", f"/ledger/{made.index}/"):
        page = reads.get(path).content.decode()
        assert "to read records" in page and "the register of people" in page, path
    assert "read_records" not in reads.get("/ledger/").content.decode()
