"""What the doctor holds against each release: its screening, its votes, its bytes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from egress_review.models import Conflict, Release, Review, Submission, Vote
from egress_review.promises import broken
from egress_review.timeline import steps
from egress_review.vault import Vault
from tests.unit.egress_review.test_pages import released

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
    assert list(broken(Release.objects.get(pk=made.pk), vault)) == ["1 output checkers approved it"]


def test_an_authors_own_vote_does_not_count(vault: Vault) -> None:
    made = release(vault)
    first = made.submission.reviews.first()
    assert first is not None
    Submission.objects.filter(pk=made.submission_id).update(author=first.reviewer_id)
    assert list(broken(Release.objects.get(pk=made.pk), vault)) == ["1 output checkers approved it"]


def test_a_vote_that_a_conflict_had_voided_does_not_count(vault: Vault) -> None:
    made = release(vault)
    before = made.released_at - timedelta(seconds=1)
    _declare(made, at=before)
    assert "1 output checkers approved it" in list(broken(made, vault))


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


def test_altered_bytes_are_named(vault: Vault) -> None:
    made = release(vault)
    path = vault.path(made.submission.files.get().canonical_sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    (lack,) = broken(made, vault)
    assert "was changed" in lack
