"""Decisions: on the ledger before they are acted on, a denial on its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from hub import ids, policy
from hub.errors import Refused, Unavailable
from hub.ledger import __main__ as ledger
from hub.ledger import decisions, entries, replays
from hub.ledger.kinds import Kind
from hub.ledger.models import Decision, Entry
from tests.sql import in_dialect
from tests.unit.policy.examples import ALLOWED

pytestmark = pytest.mark.django_db
QUESTION = ALLOWED["start"]


def answer(*reasons: str, revision: str = "r1") -> policy.Decision:
    """Return a decision: allowed, or denied with reasons."""
    return policy.Decision(
        id=ids.new(),
        allow=not reasons,
        reasons=reasons,
        revision=revision,
        package=QUESTION.package,
        question=QUESTION.to_input(),
        asked_at=datetime.now(UTC),
    )


def answering(monkeypatch: pytest.MonkeyPatch, *reasons: str, **more: Any) -> None:
    """Let the policies answer so from now on."""
    monkeypatch.setattr(policy, "ask", lambda question: answer(*reasons, **more))
    monkeypatch.setattr(policy, "ask_again", lambda package, document: answer(*reasons, **more))


def test_a_denial_is_recorded_and_raised_with_its_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "Ask Ines.")
    with pytest.raises(Refused, match="Ask Ines"):
        decisions.require(QUESTION, by="01ada", subject="01project")
    row = Decision.objects.get()
    assert (row.allow, row.reasons, row.entry.kind) == (False, ["Ask Ines."], Kind.DECISION_DENIED)


def test_an_allow_is_returned_and_not_yet_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch)
    assert decisions.require(QUESTION, by="01ada", subject="01project").allow
    assert not Entry.objects.exists()


def test_a_recorded_decision_shows_id_revision_and_digest_but_no_fact_in_its_leaf() -> None:
    decision = answer()
    with transaction.atomic():
        row = decisions.record(decision, by="01ada", subject="01project")
    leaf = bytes(row.entry.leaf).decode()
    public = json.loads(leaf)["public"]
    assert public == {
        "decision": decision.id,
        "package": "sessions",
        "revision": "r1",
        "allow": True,
        "digest": row.digest,
    }
    assert "01person" not in leaf and "phonetics" not in leaf
    assert decisions.is_faithful(Decision.objects.get())


def test_the_digest_is_salted() -> None:
    with transaction.atomic():
        first = decisions.record(answer(), by="a", subject="b")
        second = decisions.record(answer(), by="a", subject="b")
    assert first.question == second.question and first.digest != second.digest


def test_a_decision_is_recorded_once() -> None:
    decision = answer()
    with transaction.atomic():
        decisions.record(decision, by="a", subject="b")
    with pytest.raises(IntegrityError), transaction.atomic():
        decisions.record(decision, by="a", subject="b")
    assert Entry.objects.count() == 1


def test_an_erased_question_leaves_its_digest() -> None:
    with transaction.atomic():
        row = decisions.record(answer(), by="01ada", subject="01project")
    entries.erase(by="01admin", index=row.entry.index, why="asked for")
    erased = Decision.objects.get()
    assert erased.question is None and erased.digest == row.digest and decisions.is_faithful(erased)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_decision SET allow = 0",
        "UPDATE ledger_decision SET question = '{}'",
        "UPDATE ledger_decision SET digest = 'x', question = NULL, reasons = '[]', salt = x''",
        "DELETE FROM ledger_decision",
        "REPLACE INTO ledger_decision SELECT * FROM ledger_decision",
    ],
)
def test_the_database_refuses_to_change_a_decision(sql: str) -> None:
    with transaction.atomic():
        decisions.record(answer(), by="a", subject="b")
    with (
        pytest.raises(IntegrityError, match="decisions cannot"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(in_dialect(sql))


def test_replay_names_what_would_be_refused_today(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        decisions.record(answer(), by="a", subject="b")
    answering(monkeypatch)
    assert list(replays.changes()) == []
    answering(monkeypatch, "The rule is new.", revision="r2")
    (changed,) = replays.changes()
    assert (changed.action, changed.now.reasons) == ("sessions.start", ("The rule is new.",))


def test_replay_says_which_facts_are_others_than_a_question_holds_instead_of_refusing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = answer()
    with transaction.atomic():
        decisions.record(whole, by="a", subject="b")
    older = {name: value for name, value in whole.question.items() if name != "purpose"}
    older["project"] = {name: value for name, value in older["project"].items() if name != "suspended"}
    with transaction.atomic():
        decisions.record(replace(answer(), question=older), by="a", subject="b")
    answering(monkeypatch, "The question did not hold every fact.", revision="r2")
    assert [changed.other_facts for changed in replays.changes()] == [(), ("project.suspended", "purpose")]
    assert ledger.replay() == 0
    said = capsys.readouterr().out
    assert "1 past decisions would be different today." in said
    assert "1 can't be asked again" in said and "project.suspended, purpose" in said


def test_replay_without_an_engine_says_so_instead_of_naming_refusals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction.atomic():
        decisions.record(answer(), by="a", subject="b")
    answering(monkeypatch, policy.UNANSWERED, revision="")
    with pytest.raises(Unavailable):
        list(replays.changes())


def test_a_policy_revision_is_recorded_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    for revision, recorded in (("r1", True), ("r1", False), ("r2", True), ("r1", True)):
        monkeypatch.setattr(policy, "revision", lambda revision=revision: revision)
        assert (replays.record_revision() is not None) is recorded
