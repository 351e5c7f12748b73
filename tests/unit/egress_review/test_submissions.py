"""Handing in and taking back."""

from __future__ import annotations

from typing import Any

import pytest

from egress_review import submissions
from egress_review.models import Submission
from egress_review.states import OPEN, State
from egress_review.uploads import Arrived
from egress_review.vault import Vault, VaultAltered
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Decision, Entry
from hub.people.models import Person
from hub.workspaces.models import Session, SessionState
from tests.unit.egress_review.factories import person, project, session, submission
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db

SAID = {
    "title": "Vowel table",
    "context": "Counts of speakers per vowel for the paper.",
    "controls": "Every cell counts ten speakers or more.",
}


def arrived(vault: Vault, name: str = "table.csv", data: bytes = b"a,1\n") -> Arrived:
    """Return a file that has arrived."""
    content = vault.incoming()
    content.write(data)
    content.finish()
    return Arrived(name, content)


def hand_in(vault: Vault, by: Person, where: Session, **changes: Any) -> Submission:
    """Hand in one file."""
    files = changes.pop("files", None) or [arrived(vault)]
    return submissions.hand_in(by=by, session=where, files=files, vault=vault, **{**SAID, **changes})


@pytest.fixture
def author() -> Person:
    """Somebody who may hand in."""
    return person("Author")


@pytest.fixture
def running(author: Person) -> Session:
    """The author's running session."""
    return session(author, project(author))


@pytest.mark.parametrize("state", [state for state in SessionState if state is not SessionState.RUNNING])
def test_nothing_is_handed_in_from_a_session_that_does_not_run(
    state: SessionState, vault: Vault, author: Person
) -> None:
    where = session(author, project(author), state)
    with pytest.raises(WrongState):
        hand_in(vault, author, where)
    assert not Submission.objects.exists()


def test_a_denied_hand_in_is_on_the_ledger_and_keeps_nothing(
    vault: Vault, author: Person, running: Session, policies: Policies
) -> None:
    policies.deny("submit")
    with pytest.raises(Refused):
        hand_in(vault, author, running)
    assert not Submission.objects.exists()
    assert not list((vault.root / "sha256").iterdir())
    assert not Decision.objects.get().allow


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": " \n"},
        {"title": "x" * 201},
        {"title": "two\nlines"},
        {"title": "turned \u202e round"},
        {"context": ""},
        {"context": "too few words"},
        {"context": "word " * 3000},
        {"context": "zero\u200bwidth letters hide in these words"},
        {"controls": ""},
        {"controls": "none"},
        {"controls": "a null\x00 in here is not readable text"},
    ],
)
def test_an_explanation_that_explains_nothing_is_refused_with_a_sentence(
    changes: dict[str, str], vault: Vault, author: Person, running: Session
) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        hand_in(vault, author, running, **changes)
    assert not Submission.objects.exists()


def test_what_is_handed_in_is_frozen_and_on_the_ledger(
    vault: Vault, author: Person, running: Session
) -> None:
    made = hand_in(vault, author, running)
    file = made.files.get()
    assert (made.state, made.author_id, file.name) == (State.SUBMITTED, author.id, "table.csv")
    assert vault.path(file.sha256).read_bytes() == b"a,1\n"
    kinds = [entry.kind for entry in Entry.objects.all()]
    assert kinds == ["decision_allowed", "handed_in"]
    assert Entry.objects.get(kind="handed_in").facts["files"] == [{"sha256": file.sha256, "bytes": 4}]


def test_content_already_in_the_vault_but_altered_is_not_taken(
    vault: Vault, author: Person, running: Session
) -> None:
    stored = vault.put(b"a,1\n")
    vault.path(stored.sha256).chmod(0o640)
    vault.path(stored.sha256).write_bytes(b"b,2\n")
    with pytest.raises(VaultAltered):
        hand_in(vault, author, running)
    assert not Submission.objects.exists()


def test_two_files_of_one_name_are_refused(vault: Vault, author: Person, running: Session) -> None:
    with pytest.raises(Invalid, match="own name"):
        hand_in(vault, author, running, files=[arrived(vault, "a.csv"), arrived(vault, "A.csv")])


def test_a_project_can_not_fill_the_queue(
    vault: Vault, author: Person, running: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "MOST_OPEN", 1)
    hand_in(vault, author, running)
    with pytest.raises(Invalid, match="not decided yet"):
        hand_in(vault, author, running)


@pytest.mark.parametrize("state", [state for state in State if state not in OPEN])
def test_what_is_over_is_not_withdrawn(state: State, vault: Vault) -> None:
    made = submission(state, vault=vault)
    with pytest.raises(WrongState, match="cannot become withdrawn"):
        submissions.withdraw(by=made.author, submission=made)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_not_over_is_withdrawn(state: State, vault: Vault) -> None:
    made = submission(state, vault=vault)
    submissions.withdraw(by=made.author, submission=made)
    made.refresh_from_db()
    assert made.state == State.WITHDRAWN
    assert Entry.objects.filter(kind="withdrawn", subject=made.id).exists()


def test_a_denied_withdrawal_changes_nothing(vault: Vault, policies: Policies) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    policies.deny("withdraw")
    with pytest.raises(Refused):
        submissions.withdraw(by=person(), submission=made)
    made.refresh_from_db()
    assert made.state == State.IN_REVIEW


def test_a_stale_reading_is_not_acted_on(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    Submission.objects.filter(pk=made.pk).update(row_version=7)
    with pytest.raises(WrongState, match="changed by somebody else"):
        submissions.withdraw(by=made.author, submission=made)
