"""Releases: only what was reviewed leaves, only to the project, always with a receipt."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from egress_review import releases
from egress_review.models import Release, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault, VaultAltered
from hub.errors import Busy, NotFound, Refused, WrongState
from hub.ledger import receipt
from hub.ledger.models import Entry
from tests.unit.egress_review.factories import CANONICAL, checker, review, submission
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(vault: Vault) -> Submission:
    """A submission that two checkers approved."""
    made = submission(State.APPROVED, vault=vault)
    review(made, Vote.APPROVE)
    review(made, Vote.APPROVE)
    return made


def alter(vault: Vault, of: Submission) -> None:
    """Change the canonical copy behind the vault's back, keeping its size."""
    path = vault.path(of.files.get().canonical_sha256)
    path.chmod(0o640)
    path.write_bytes(CANONICAL[::-1])


def last(of: Submission) -> object:
    """Return the reviewer whose vote was the last."""
    return of.reviews.order_by("voted_at").last().reviewer


def leave(of: Submission, vault: Vault) -> Release:
    """Release a submission."""
    return releases.release(by=last(of), submission=of, vault=vault)


@pytest.mark.parametrize("state", [state for state in State if state is not State.APPROVED])
def test_nothing_but_an_approved_submission_leaves(state: State, vault: Vault) -> None:
    made = submission(state, vault=vault)
    with pytest.raises(WrongState, match="cannot become released"):
        releases.release(by=checker(), submission=made, vault=vault)
    assert not Release.objects.exists()


def test_altered_bytes_do_not_leave(approved: Submission, vault: Vault) -> None:
    alter(vault, approved)
    with pytest.raises(VaultAltered):
        leave(approved, vault)
    assert not Release.objects.exists()


def test_an_attempt_with_altered_bytes_is_on_the_ledger_and_says_why(
    approved: Submission, vault: Vault
) -> None:
    alter(vault, approved)
    assert releases.attempt(by=last(approved), submission=approved, vault=vault) is None
    approved.refresh_from_db()
    assert approved.state == State.APPROVED
    assert "does not leave" in approved.held_reason
    assert Entry.objects.get().kind == "release_stopped"


def test_a_file_without_a_canonical_copy_does_not_leave(approved: Submission, vault: Vault) -> None:
    approved.files.update(canonical_sha256="")
    with pytest.raises(NotFound, match="canonical"):
        leave(approved, vault)


def test_a_denied_release_stays_approved(approved: Submission, vault: Vault, policies: Policies) -> None:
    policies.deny("release", "The project is suspended; ask the admin.")
    assert releases.attempt(by=last(approved), submission=approved, vault=vault) is None
    approved.refresh_from_db()
    assert (approved.state, "suspended" in approved.held_reason) == (State.APPROVED, True)


def test_what_a_killed_process_left_approved_is_released_by_the_worker(
    approved: Submission, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.finish_all(vault=vault)
    approved.refresh_from_db()
    assert approved.state == State.APPROVED, "its voter's own request comes first"
    monkeypatch.setattr(releases, "LEFT_SECONDS", 0)
    releases.finish_all(vault=vault)
    approved.refresh_from_db()
    assert approved.state == State.RELEASED


def test_a_round_asks_once_however_much_has_left(
    vault: Vault, policies: Policies, django_assert_num_queries: Any
) -> None:
    """The index on the state finds what is left; what left before is never read."""
    for _ in range(5):
        submission(State.RELEASED, vault=vault)
    Submission.objects.update(decided_at=timezone.now() - timedelta(days=1))
    with django_assert_num_queries(1):
        releases.finish_all(vault=vault)
    assert policies.asked == []


def test_a_release_that_is_held_is_not_tried_every_second(
    approved: Submission, vault: Vault, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "LEFT_SECONDS", 0)
    policies.deny("release")
    releases.finish_all(vault=vault)
    releases.finish_all(vault=vault)
    assert len(policies.asked) == 1


def test_the_receipt_says_what_left_who_decided_and_where_the_ledger_says_so(
    approved: Submission, vault: Vault
) -> None:
    made = leave(approved, vault)
    said = made.receipt["document"]
    file = approved.files.get()
    assert said["files"][0]["handed_in"]["sha256"] == file.sha256
    assert said["files"][0]["released"]["sha256"] == file.canonical_sha256
    assert [vote["vote"] for vote in said["reviews"]] == ["approve", "approve"]
    assert said["policy_revision"] == "test"
    entry = Entry.objects.get(kind="released")
    assert made.receipt["ledger"]["entry_index"] == entry.index
    assert json.loads(bytes(entry.leaf))["public"]["receipt_sha256"] == receipt.digest(said)


def test_a_denied_download_serves_nothing(approved: Submission, vault: Vault, policies: Policies) -> None:
    made = leave(approved, vault)
    policies.deny("download")
    with pytest.raises(Refused):
        releases.download(by=checker(), release=made, file=approved.files.get(), vault=vault)
    assert not Entry.objects.filter(kind="downloaded").exists()


def test_a_download_is_the_canonical_copy_and_on_the_ledger(approved: Submission, vault: Vault) -> None:
    made = leave(approved, vault)
    leaving = releases.download(by=approved.author, release=made, file=approved.files.get(), vault=vault)
    assert b"".join(leaving.chunks) == CANONICAL
    assert Entry.objects.get(kind="downloaded").facts["sha256"] == approved.files.get().canonical_sha256


def test_a_download_of_altered_bytes_is_refused(approved: Submission, vault: Vault) -> None:
    made = leave(approved, vault)
    alter(vault, approved)
    with pytest.raises(VaultAltered):
        releases.download(by=approved.author, release=made, file=approved.files.get(), vault=vault)


def test_bytes_altered_while_they_leave_do_not_leave_whole(approved: Submission, vault: Vault) -> None:
    made = leave(approved, vault)
    leaving = releases.download(by=approved.author, release=made, file=approved.files.get(), vault=vault)
    alter(vault, approved)
    with pytest.raises(VaultAltered):
        b"".join(leaving.chunks)


def test_a_person_has_few_downloads_at_a_time(approved: Submission, vault: Vault) -> None:
    """Each holds a thread of the portal for as long as its reader likes."""
    made, file = leave(approved, vault), approved.files.get()

    def begin() -> releases.Download:
        return releases.download(by=approved.author, release=made, file=file, vault=vault)

    first, second = begin(), begin()
    next(iter(first.chunks))
    with pytest.raises(Busy, match="2 of your downloads"):
        begin()
    assert Entry.objects.filter(kind="downloaded").count() == 2, "what did not begin is not on the ledger"
    assert b"".join(second.chunks) == CANONICAL
    third = begin()
    first.chunks.close()  # type: ignore[attr-defined]  # as Django's response does
    del third
    b"".join(begin().chunks)
    alter(vault, approved)
    for _ in range(3):
        with pytest.raises(VaultAltered):
            begin()


def test_a_file_of_another_submission_is_not_part_of_a_release(approved: Submission, vault: Vault) -> None:
    made, other = leave(approved, vault), submission(State.RELEASED, vault=vault)
    with pytest.raises(NotFound):
        releases.download(by=approved.author, release=made, file=other.files.get(), vault=vault)
