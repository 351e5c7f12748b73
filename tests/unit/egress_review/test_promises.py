"""What the doctor holds against each release: its screening, its votes, its bytes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from egress_review import releases
from egress_review.models import Conflict, Release, Review, Submission, Vote
from egress_review.promises import broken
from egress_review.states import State
from egress_review.timeline import steps
from egress_review.vault import Vault
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.ledger.models import Decision, Entry
from hub.projects.models import Project
from tests.unit.egress_review.factories import checker, released, review, submission

pytestmark = pytest.mark.django_db


def release(vault: Vault) -> Release:
    """Return a release as it should be."""
    made = Release.objects.get(submission=released(vault))
    Submission.objects.filter(pk=made.submission_id).update(screened_at=made.released_at)
    return Release.objects.get(pk=made.pk)


def test_a_release_as_promised_lacks_nothing(vault: Vault) -> None:
    assert list(broken(release(vault), vault)) == []


def test_a_release_without_its_screening_is_named(vault: Vault) -> None:
    made = release(vault)
    Submission.objects.filter(pk=made.submission_id).update(screened_at=None)
    (lack,) = broken(Release.objects.get(pk=made.pk), vault)
    assert "without a screening" in lack


@pytest.mark.parametrize("vote", [Vote.RETURN, Vote.REJECT])
def test_a_release_with_one_approving_vote_is_named(vault: Vault, vote: Vote) -> None:
    made = release(vault)
    first = made.submission.reviews.first()
    assert first is not None
    Review.objects.filter(pk=first.pk).update(vote=vote.value)
    assert list(broken(Release.objects.get(pk=made.pk), vault)) == ["1 output checker approved it"]


def test_an_authors_own_vote_does_not_count(vault: Vault) -> None:
    made = release(vault)
    first = made.submission.reviews.first()
    assert first is not None
    Submission.objects.filter(pk=made.submission_id).update(author=first.reviewer_id)
    assert list(broken(Release.objects.get(pk=made.pk), vault)) == ["1 output checker approved it"]


def test_a_vote_that_a_conflict_had_voided_does_not_count(vault: Vault) -> None:
    made = release(vault)
    before = made.released_at - timedelta(seconds=1)
    _declare(made, at=before)
    assert "1 output checker approved it" in list(broken(made, vault))


def test_a_conflict_that_was_declared_since_changes_no_release_and_no_count(vault: Vault) -> None:
    made = release(vault)
    _declare(made, at=made.released_at + timedelta(seconds=1))
    assert not [lack for lack in broken(made, vault) if "approved" in lack]
    assert "Decided by 2 checkers" in [step.what for step in steps(made.submission)]


def _declare(made: Release, *, at: datetime) -> None:
    first = made.submission.reviews.first()
    assert first is not None
    Conflict.objects.create(
        person=first.reviewer, project=made.submission.project, reason="They are my sister.", declared_at=at
    )


def chosen(made: Release, approvals: int, named: Iterable[str] = (), *, since: bool = False) -> Release:
    """Say on the ledger what the project asked for, and let the release have come after that, or before."""
    said = {"what": "project reviewers", "approvals": approvals, "named": sorted(named)}
    place = made.submission.project_id
    entry = entries.append(Kind.PROVISIONED, by="ada", subject=place, facts=said)
    made.receipt["ledger"]["entry_index"] = entry.index + (0 if since else 1)
    made.save()
    return Release.objects.get(pk=made.pk)


def voters(made: Release) -> list[str]:
    return list(made.submission.reviews.values_list("reviewer_id", flat=True))


def test_a_release_with_fewer_votes_than_its_project_asked_for_is_named(vault: Vault) -> None:
    made = chosen(release(vault), 3)
    assert list(broken(made, vault)) == ["2 output checkers approved it, and its project asked for 3"]
    review(made.submission, Vote.APPROVE)
    assert list(broken(made, vault)) == []


def test_votes_of_others_than_the_named_do_not_count(vault: Vault) -> None:
    made = release(vault)
    one, two = voters(made)
    assert list(broken(chosen(made, 2, [one, two]), vault)) == []
    made = chosen(made, 2, [one, checker().pk])
    assert list(broken(made, vault)) == ["1 named checker approved it, and its project asked for 2"]


def test_what_a_project_asks_for_since_says_nothing_of_what_left_before(vault: Vault) -> None:
    made = chosen(release(vault), 3, since=True)
    assert list(broken(made, vault)) == []


def test_the_last_word_before_a_release_counts(vault: Vault) -> None:
    made = chosen(chosen(release(vault), 4), 2)
    assert list(broken(made, vault)) == []


def test_an_erased_last_word_brings_no_earlier_one_back(vault: Vault) -> None:
    made = chosen(chosen(release(vault), 4), 2)
    last = Entry.objects.filter(kind=Kind.PROVISIONED.value).order_by("index").last()
    assert last is not None
    entries.erase(by="ada", index=last.index, why="x")
    assert list(broken(made, vault)) == []


def test_what_the_policies_were_told_counts_where_the_ledgers_word_was_erased(vault: Vault) -> None:
    found = submission(State.APPROVED, vault=vault)
    Project.objects.filter(pk=found.project_id).update(approvals_needed=3)
    for _ in range(2):
        last = review(found, Vote.APPROVE).reviewer
    found = Submission.objects.get(pk=found.pk)
    made = releases.release(by=last, submission=found, vault=vault)
    assert list(broken(made, vault)) == ["2 output checkers approved it, and its project asked for 3"]
    # What nobody can read any more is not held against it; two are needed all the same.
    entries.erase(
        by="ada", index=Decision.objects.get(pk=made.receipt["document"]["decision"]).entry_id, why="x"
    )
    assert list(broken(made, vault)) == []


def test_data_of_the_highest_tiers_is_held_to_what_they_ask_for(vault: Vault) -> None:
    found = submission(State.APPROVED, vault=vault)
    Submission.objects.filter(pk=found.pk).update(tier=4)
    for _ in range(2):
        last = review(found, Vote.APPROVE).reviewer
    made = releases.release(by=last, submission=Submission.objects.get(pk=found.pk), vault=vault)
    assert list(broken(made, vault)) == ["2 output checkers approved it, and its project asked for 3"]
    review(made.submission, Vote.APPROVE)
    assert list(broken(made, vault)) == []


def test_altered_bytes_are_named(vault: Vault) -> None:
    made = release(vault)
    path = vault.path(made.submission.files.get().canonical_sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    (lack,) = broken(made, vault)
    assert "was changed" in lack
