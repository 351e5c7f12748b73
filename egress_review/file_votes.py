"""Votes on single files: kept while a review goes on, carried over when the same bytes are handed in anew."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils import timezone

from egress_review import comments, permissions
from egress_review.models import File, FileVote, Finding, Review, Severity, Submission, Vote
from egress_review.states import State
from egress_review.submissions import named
from hub import rows
from hub.errors import Invalid, WrongState
from hub.people.models import Person

# A chain of hand-ins, each in place of the one before, is followed this far back.
FURTHEST = 20
ELSEWHERE = (
    "Your vote on this file was changed in another window meanwhile. What you wrote stands below; "
    "save again if it is what you want."
)


def put(*, by: Person, file: File, vote: Vote, comment: str, note: str, seen: int) -> FileVote:
    """Keep a vote on one file until its review is finished; `seen` is the version it was changed from."""
    said, aside = comments.reason(vote, comment), comments.plain(note, what="note")
    allowed = permissions.to_vote(by=by, submission=file.submission, vote=vote)
    with transaction.atomic():
        rows.recheck(file.submission.project)
        _require_open(file)
        present = FileVote.objects.select_for_update().filter(file=file, reviewer_id=by.id).first()
        if present is not None and _says(present, vote, said, aside):
            return present
        if (present.row_version if present else 0) != seen:
            raise WrongState(ELSEWHERE)
        allowed.use()
        return _written(present, by, file, vote=vote.value, comment=said, note=aside)


def copies(submission: Submission, *, of: str) -> dict[str, FileVote]:
    """Return a reviewer's votes on the files of a submission, by file."""
    votes = FileVote.objects.filter(file__submission=submission, reviewer_id=of)
    return {vote.file_id: vote for vote in votes}


def carry(submission: Submission) -> int:
    """Give unchanged files the votes they had where they were handed in before; return how many."""
    carried = 0
    files = list(submission.files.all())
    for before in lineage(submission):
        known = {file.name: file for file in before.files.all()}
        for file in list(files):
            old = known.get(file.name)
            if old is None or not unchanged(file, old):
                continue
            finished = Review.objects.standing().filter(submission=before).values("reviewer")
            votes = FileVote.objects.filter(file=old, reviewer__in=finished)
            for vote in votes:
                _copy(vote, file)
                carried += 1
            if votes:
                files.remove(file)
    return carried


def unchanged(file: File, before: File) -> bool:
    """Return whether a file is what was judged: the same bytes in, the same copy, nothing found anew."""
    same = file.sha256 == before.sha256 and file.canonical_sha256 == before.canonical_sha256
    return bool(same and file.canonical_sha256) and _found(file) <= _found(before)


def lineage(submission: Submission) -> Iterator[Submission]:
    """Yield what a submission replaces, and what that replaced, the latest first."""
    before, left = submission.replaces, FURTHEST
    while before is not None and left:
        yield before
        before, left = before.replaces, left - 1


def _found(file: File) -> set[tuple[str, str, str]]:
    found = Finding.objects.filter(file=file).exclude(severity=Severity.NOTE)
    return set(found.values_list("check_name", "where", "message"))


def _copy(vote: FileVote, file: File) -> None:
    FileVote.objects.get_or_create(
        file=file,
        reviewer_id=vote.reviewer_id,
        defaults={
            "vote": vote.vote,
            "comment": vote.comment,
            "note": vote.note,
            "canonical_sha256": file.canonical_sha256,
            "carried_from": vote,
        },
    )


def _require_open(file: File) -> None:
    state = Submission.objects.select_for_update(no_key=True).values_list("state", flat=True)
    present = State(state.get(pk=file.submission_id))
    if present is not State.IN_REVIEW:
        raise WrongState(f"{named(file.submission)} is {present.label}; it takes no votes.")
    if not file.canonical_sha256:
        raise Invalid(f"{file.name} has no canonical copy, so there is nothing to vote on.")


def _says(present: FileVote, vote: Vote, comment: str, note: str) -> bool:
    return (present.vote, present.comment, present.note) == (vote.value, comment, note)


def _written(present: FileVote | None, by: Person, file: File, **said: str) -> FileVote:
    now = {"canonical_sha256": file.canonical_sha256, "voted_at": timezone.now()}
    if present is None:
        try:
            with transaction.atomic():
                return FileVote.objects.create(file=file, reviewer_id=by.id, **said, **now)
        except IntegrityError as error:
            raise WrongState(ELSEWHERE) from error
    for name, value in {**said, **now, "carried_from": None, "row_version": present.row_version + 1}.items():
        setattr(present, name, value)
    present.save()
    return present
