"""Reviews of checkers who can't see each other's, what follows from them, settling differences."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from egress_review import comments, file_votes, permissions, releases
from egress_review.models import File, FileVote, Review, Submission, Vote
from egress_review.states import State, require_move
from egress_review.submissions import move, named
from egress_review.vault import Vault
from hub import rows
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person
from hub.projects.models import FEWEST_APPROVALS

log = logging.getLogger("parlatory.reviews")

KIND = {
    State.APPROVED: Kind.APPROVED,
    State.RETURNED: Kind.RETURNED,
    State.REJECTED: Kind.REJECTED,
    State.DIFFERING: Kind.DIFFERED,
}


@dataclass(frozen=True)
class Answer:
    """What a reviewer says of one file when the votes differ."""

    vote: Vote
    comment: str


def vote(
    *, by: Person, submission: Submission, vote: Vote | None, comment: str, vault: Vault, note: str = ""
) -> Review:
    """Finish a review, once, with `vote` for each file not voted on yet; the last one needed decides."""
    said, aside = comments.plain(comment, what="comment"), comments.plain(note, what="note")
    ballot = _ballot(by, submission)
    meant = ballot.meant(vote)
    allowed = permissions.to_vote(by=by, submission=submission, vote=meant)
    _require_whole(submission, ballot, vote, said)
    with transaction.atomic():
        rows.recheck(submission, submission.project)
        _require_open(submission)
        allowed.use()
        review = Review.objects.create(
            submission=submission,
            reviewer_id=by.id,
            vote=meant.value,
            comment=said,
            note=aside,
            decision_id=allowed.decision.id if allowed.decision else "",
        )
        if vote is not None:
            _vote_on_the_rest(by, submission, vote)
        ballot = _ballot(by, submission)
        if ballot.meant(None) is not meant or ballot.missing:
            raise WrongState("Your votes were changed in another window just now; look again, then finish.")
        # Which way it went stays out of this entry: the ledger has readers while the other vote is open.
        entries.append(Kind.VOTED, by=by.id, subject=submission.id, facts={"review": review.pk})
        _consolidate(submission)
    if submission.state == State.APPROVED:
        releases.attempt(by=by, submission=submission, vault=vault)
    return review


def settle(*, by: Person, submission: Submission, answers: Mapping[str, Answer], vault: Vault) -> Review:
    """Answer once more where the votes differ; when they still do after both answers, it goes back."""
    votes = {file: Vote(cast.vote) for file, cast in file_votes.copies(submission, of=by.id).items()}
    said = {file: comments.reason(answer.vote, answer.comment) for file, answer in answers.items()}
    meant = overall({**votes, **{file: answer.vote for file, answer in answers.items()}}.values())
    allowed = permissions.to_consolidate(by=by, submission=submission, vote=meant)
    if set(differing(submission)) != set(answers):
        raise Invalid("Answer for each file on which the votes differ.")
    with transaction.atomic():
        rows.recheck(submission, submission.project)
        review = Review.objects.select_for_update().get(submission=submission, reviewer_id=by.id)
        if submission.state != State.DIFFERING or review.settled_at is not None:
            raise WrongState("You have answered already; it waits for the other checkers.")
        allowed.use()
        for file, answer in answers.items():
            cast = FileVote.objects.get(file=file, reviewer_id=by.id)
            cast.vote, cast.comment, cast.row_version = answer.vote.value, said[file], cast.row_version + 1
            cast.save()
        review.vote, review.settled_at = meant.value, timezone.now()
        review.decision_id = allowed.decision.id if allowed.decision else ""
        review.save()
        entries.append(
            Kind.VOTED, by=by.id, subject=submission.id, facts={"review": review.pk, "again": True}
        )
        _consolidate(submission)
    if submission.state == State.APPROVED:
        releases.attempt(by=by, submission=submission, vault=vault)
    return review


def overall(votes: Collection[Vote]) -> Vote:
    """Return the vote on a submission that follows from those on its files; none at all is no approval."""
    if votes and set(votes) == {Vote.APPROVE}:
        return Vote.APPROVE
    return Vote.REJECT if votes and set(votes) == {Vote.REJECT} else Vote.RETURN


def outcome(votes: Mapping[str, Mapping[str, Vote]], *, needed: int, settled: bool) -> State | None:
    """Return what follows from the votes on files, {reviewer: {file: vote}}; fewer than needed is None.

    Where they differ they are asked once more; what they agree on decides, everything else goes back.
    """
    if len(votes) < max(needed, FEWEST_APPROVALS):
        return None
    first, *others = votes.values()
    if any(other != first for other in others):
        return State.RETURNED if settled else State.DIFFERING
    agreed = overall(first.values())
    return {Vote.APPROVE: State.APPROVED, Vote.REJECT: State.REJECTED, Vote.RETURN: State.RETURNED}[agreed]


def differing(submission: Submission) -> list[str]:
    """Return the files on which finished reviews differ."""
    cast = _cast(submission, _standing(submission)).values()
    files = submission.files.values_list("id", flat=True)
    return [file for file in files if len({votes[file] for votes in cast}) > 1]


def _standing(submission: Submission) -> list[Review]:
    """Return the finished reviews that count."""
    return list(Review.objects.standing().filter(submission=submission))


def _cast(submission: Submission, reviews: Collection[Review]) -> dict[str, dict[str, Vote]]:
    """Return the votes of finished reviews, by reviewer and file; a file not voted on is not approved."""
    files = list(submission.files.values_list("id", flat=True))
    cast = {review.reviewer_id: dict.fromkeys(files, Vote.RETURN) for review in reviews}
    for one in FileVote.objects.filter(file__submission=submission, reviewer__in=list(cast)):
        cast[one.reviewer_id][one.file_id] = Vote(one.vote)
    return cast


def _consolidate(submission: Submission) -> None:
    """Decide when the votes are complete; else mark the row as changed, so that two voters can't cross."""
    finished = _standing(submission)
    decided = outcome(
        _cast(submission, finished),
        needed=submission.approvals_needed,
        settled=all(review.settled_at is not None for review in finished),
    )
    if decided is None or decided == submission.state:
        rows.claim(submission)
        return
    move(submission, decided, **({} if decided is State.DIFFERING else {"decided_at": timezone.now()}))
    voters = [] if decided is State.DIFFERING else finished
    entries.append(
        KIND[decided],
        by="enclave",
        subject=submission.id,
        facts={"votes": [{"reviewer": review.reviewer_id, "vote": review.vote} for review in voters]},
    )
    log.info("submission_decided submission=%s state=%s", submission.id, decided.value)


@dataclass(frozen=True)
class _Ballot:
    """A person's votes on the files of a submission, as they are now."""

    files: tuple[File, ...]
    votes: Mapping[str, Vote]

    @property
    def missing(self) -> list[str]:
        """The names of the files without a vote."""
        return [file.name for file in self.files if file.id not in self.votes]

    def meant(self, rest: Vote | None) -> Vote:
        """Return what is voted on the whole, if the files without a vote get this one."""
        return overall([self.votes.get(file.id, rest or Vote.RETURN) for file in self.files])


def _ballot(by: Person, submission: Submission) -> _Ballot:
    mine = file_votes.copies(submission, of=by.id)
    # Anew each time: what somebody read along with the submission is from before.
    files = tuple(File.objects.filter(submission=submission))
    return _Ballot(files, {file: Vote(cast.vote) for file, cast in mine.items()})


def _require_whole(submission: Submission, ballot: _Ballot, rest: Vote | None, comment: str) -> None:
    """Refuse a review that leaves a file out, and a no to the rest without a reason."""
    missing = ballot.missing
    if submission.state == State.IN_REVIEW and any(not file.canonical_sha256 for file in ballot.files):
        raise Invalid(
            "A file has no canonical copy, so there is nothing to vote on; tell the enclave's admin."
        )
    if missing and rest is None:
        names = ", ".join(missing[:5])
        raise Invalid(f"You have not voted on {names} yet; each file needs your vote before you finish.")
    if missing and rest is not None:
        comments.reason(rest, comment)


def _vote_on_the_rest(by: Person, submission: Submission, vote: Vote) -> None:
    open_files = File.objects.filter(submission=submission).exclude(votes__reviewer=by.id)
    for file in open_files.exclude(canonical_sha256=""):
        FileVote.objects.create(
            file=file, reviewer_id=by.id, vote=vote.value, canonical_sha256=file.canonical_sha256
        )


def _require_open(submission: Submission) -> None:
    if submission.state != State.IN_REVIEW:
        raise WrongState(f"{named(submission)} is {State(submission.state).label}; it takes no votes.")
    require_move(named(submission), submission.state, State.APPROVED)
