"""Votes on files: one for each, blind until both are in, kept where the same bytes are handed in anew."""

from __future__ import annotations

import pytest

from egress_review import conflicts, file_votes, reviews
from egress_review.models import Conflict, File, FileVote, Finding, Review, Submission, Vote
from egress_review.reviews import Answer
from egress_review.states import State
from egress_review.vault import Vault
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Entry
from hub.people.models import Person
from tests.unit.egress_review.factories import CANONICAL, checker, file_vote, review, submission
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db

APPROVE, RETURN, REJECT = Vote.APPROVE, Vote.RETURN, Vote.REJECT
TWO = {"table.csv": b"a,1\n", "notes.txt": b"as it is\n"}
WHY = "round these numbers please"


def put(by: Person, file: File, vote: Vote, *, comment: str = WHY, note: str = "", seen: int = 0) -> FileVote:
    """Vote on a file."""
    return file_votes.put(by=by, file=file, vote=vote, comment=comment, note=note, seen=seen)


def finish(
    by: Person, found: Submission, vault: Vault, vote: Vote | None = None, comment: str = ""
) -> Review:
    """Finish a review of the submission as it stands now."""
    now = Submission.objects.get(pk=found.pk)
    return reviews.vote(by=by, submission=now, vote=vote, comment=comment, vault=vault)


def state_of(found: Submission) -> str:
    """Return the state in the database."""
    return str(Submission.objects.values_list("state", flat=True).get(pk=found.pk))


@pytest.mark.parametrize("state", [state for state in State if state is not State.IN_REVIEW])
def test_a_file_takes_no_vote_outside_review(state: State, vault: Vault) -> None:
    found = submission(state, vault=vault)
    with pytest.raises(WrongState, match="takes no votes"):
        put(checker(), found.files.get(), APPROVE)
    assert not FileVote.objects.exists()


def test_a_denied_vote_on_a_file_is_not_kept(vault: Vault, policies: Policies) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    policies.deny("vote", "You handed this in yourself; ask another checker.")
    with pytest.raises(Refused, match="yourself"):
        put(found.author, found.files.get(), APPROVE)
    assert not FileVote.objects.exists()


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("", "what its author should change"),
        ("no no", "what its author should change"),
        ("x" * 5001, "longer than 5000"),
        ("one two three\x00", "can't be seen"),
        ("one two three \u202e", "can't be seen"),
        ("one two three \u200b", "can't be seen"),
    ],
)
def test_a_comment_that_says_nothing_or_hides_something_is_refused(
    comment: str, reason: str, vault: Vault
) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    with pytest.raises(Invalid, match=reason):
        put(checker(), found.files.get(), RETURN, comment=comment)


def test_a_vote_changed_in_another_window_is_not_overwritten(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    put(by, found.files.get(), APPROVE, comment="")
    with pytest.raises(WrongState, match="another window"):
        put(by, found.files.get(), REJECT, seen=0)
    assert FileVote.objects.get().vote == APPROVE
    assert put(by, found.files.get(), REJECT, seen=1).row_version == 2


def test_the_same_vote_sent_twice_is_one(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    for _ in range(2):
        put(by, found.files.get(), RETURN, seen=0)
    assert FileVote.objects.get().row_version == 1


def test_a_review_that_leaves_a_file_out_is_not_finished(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault, files=TWO), checker()
    put(by, found.files.first(), APPROVE, comment="")
    with pytest.raises(Invalid, match=r"not voted on notes\.txt"):
        finish(by, found, vault)
    assert not Review.objects.exists()


def test_who_may_not_vote_is_not_told_which_files_there_are(vault: Vault, policies: Policies) -> None:
    found = submission(State.IN_REVIEW, vault=vault, files=TWO)
    policies.deny("vote")
    with pytest.raises(Refused) as refused:
        finish(checker(), found, vault)
    assert "notes" not in str(refused.value)


def test_a_no_to_the_rest_needs_a_reason(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    with pytest.raises(Invalid, match="Say in the comment"):
        finish(checker(), found, vault, REJECT)


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ((APPROVE, RETURN), (APPROVE, APPROVE), State.DIFFERING),
        ((APPROVE, RETURN), (RETURN, APPROVE), State.DIFFERING),
        ((APPROVE, REJECT), (APPROVE, RETURN), State.DIFFERING),
        ((APPROVE, RETURN), (APPROVE, RETURN), State.RETURNED),
        ((APPROVE, REJECT), (APPROVE, REJECT), State.RETURNED),
        ((REJECT, RETURN), (REJECT, RETURN), State.RETURNED),
        ((REJECT, REJECT), (REJECT, REJECT), State.REJECTED),
        ((APPROVE, APPROVE), (APPROVE, APPROVE), State.RELEASED),
    ],
)
def test_what_the_votes_on_two_files_decide(
    first: tuple[Vote, Vote], second: tuple[Vote, Vote], state: State, vault: Vault
) -> None:
    found = submission(State.IN_REVIEW, vault=vault, files=TWO)
    for votes in (first, second):
        by = checker()
        for file, vote in zip(found.files.all(), votes, strict=True):
            put(by, file, vote)
        finish(by, found, vault)
    assert state_of(found) == state


def test_a_draft_is_nobody_elses_and_stays_so_while_another_finishes(vault: Vault) -> None:
    found, first, second = submission(State.IN_REVIEW, vault=vault), checker(), checker()
    put(first, found.files.get(), REJECT)
    finish(second, found, vault, APPROVE)
    assert set(FileVote.objects.readable_by(second.id).values_list("reviewer", flat=True)) == {second.id}
    assert set(FileVote.objects.readable_by(first.id).values_list("reviewer", flat=True)) == {first.id}
    assert not FileVote.objects.readable_by(found.author_id).exists()


def test_while_the_votes_differ_only_the_two_voters_read_them(vault: Vault) -> None:
    found, first, second, third = submission(State.IN_REVIEW, vault=vault), checker(), checker(), checker()
    finish(first, found, vault, APPROVE)
    finish(second, found, vault, RETURN, WHY)
    assert state_of(found) == State.DIFFERING
    for reader, votes in ((first.id, 2), (second.id, 2), (third.id, 0), (found.author_id, 0)):
        assert Review.objects.readable_by(reader).count() == votes
        assert FileVote.objects.readable_by(reader).count() == votes


def differing(vault: Vault) -> tuple[Submission, Person, Person]:
    """Return a submission on whose second file two checkers differ: approve against return."""
    found, first, second = submission(State.IN_REVIEW, vault=vault, files=TWO), checker(), checker()
    table, notes = found.files.all()
    for by, vote in ((first, APPROVE), (second, RETURN)):
        put(by, table, APPROVE, comment="")
        put(by, notes, vote)
        finish(by, found, vault)
    return Submission.objects.get(pk=found.pk), first, second


def settle(by: Person, found: Submission, vote: Vote, vault: Vault) -> str:
    """Answer once more on the file that differs."""
    now = Submission.objects.get(pk=found.pk)
    notes = found.files.get(name="notes.txt").id
    reviews.settle(by=by, submission=now, answers={notes: Answer(vote, WHY)}, vault=vault)
    return state_of(found)


def test_a_checker_who_is_convinced_lets_it_leave(vault: Vault) -> None:
    found, _, second = differing(vault)
    assert settle(second, found, APPROVE, vault) == State.RELEASED


def test_a_checker_who_is_convinced_sends_it_back(vault: Vault) -> None:
    found, first, _ = differing(vault)
    assert settle(first, found, RETURN, vault) == State.RETURNED


def test_when_both_stay_with_their_votes_it_goes_back(vault: Vault) -> None:
    found, first, second = differing(vault)
    assert settle(first, found, APPROVE, vault) == State.DIFFERING
    assert settle(second, found, RETURN, vault) == State.RETURNED


def test_nobody_answers_twice(vault: Vault) -> None:
    found, first, _ = differing(vault)
    settle(first, found, APPROVE, vault)
    with pytest.raises(WrongState, match="answered already"):
        settle(first, found, RETURN, vault)


def test_an_answer_to_votes_that_changed_meanwhile_is_not_taken(vault: Vault) -> None:
    found, first, second = differing(vault)
    settle(first, found, APPROVE, vault)
    with pytest.raises(WrongState, match="changed by somebody else"):
        answers = {found.files.get(name="notes.txt").id: Answer(APPROVE, "")}
        reviews.settle(by=second, submission=found, answers=answers, vault=vault)
    assert state_of(found) == State.DIFFERING


def test_an_answer_about_other_files_is_refused(vault: Vault) -> None:
    found, first, _ = differing(vault)
    answers = {found.files.get(name="table.csv").id: Answer(REJECT, WHY)}
    with pytest.raises(Invalid, match="each file on which the votes differ"):
        reviews.settle(by=first, submission=found, answers=answers, vault=vault)


def test_a_vote_on_other_bytes_counts_for_nothing(vault: Vault, policies: Policies) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    first, second = checker(), checker()
    finish(first, found, vault, APPROVE)
    FileVote.objects.update(canonical_sha256="0" * 64)
    finish(second, found, vault, APPROVE)
    asked = policies.asked[-1].to_input()
    assert asked["action"] == "release"
    assert asked["files"] == [{"file": found.files.get().id, "approved_by": [second.id]}]


def again(before: Submission, vault: Vault, files: dict[str, bytes]) -> Submission:
    """Return a screened hand-in that replaces another."""
    made = submission(State.IN_REVIEW, vault=vault, author=before.author, files=files)
    Submission.objects.filter(pk=made.pk).update(replaces=before, project=before.project)
    found = Submission.objects.get(pk=made.pk)
    file_votes.carry(found)
    return found


def test_only_what_changed_is_voted_on_again(vault: Vault) -> None:
    before, first, second = differing(vault)
    settle(first, before, RETURN, vault)
    found = again(before, vault, {**TWO, "notes.txt": b"rounded\n"})
    kept = FileVote.objects.filter(file__submission=found)
    assert set(kept.values_list("file__name", "reviewer")) == {
        ("table.csv", first.id),
        ("table.csv", second.id),
    }
    assert all(vote.carried_from_id for vote in kept)
    for by in (first, second):
        put(by, found.files.get(name="notes.txt"), APPROVE, comment="")
        finish(by, found, vault)
    assert state_of(found) == State.RELEASED


def test_another_checker_votes_on_every_file(vault: Vault) -> None:
    before, first, _ = differing(vault)
    settle(first, before, RETURN, vault)
    found, third = again(before, vault, {**TWO, "notes.txt": b"rounded\n"}), checker()
    put(third, found.files.get(name="notes.txt"), APPROVE, comment="")
    with pytest.raises(Invalid, match=r"not voted on table\.csv"):
        finish(third, found, vault)


def test_a_file_in_which_something_new_was_found_is_judged_anew(vault: Vault) -> None:
    before, first, _ = differing(vault)
    settle(first, before, RETURN, vault)
    made = submission(State.IN_REVIEW, vault=vault, author=before.author, files=TWO)
    Submission.objects.filter(pk=made.pk).update(replaces=before)
    table = made.files.get(name="table.csv")
    Finding.objects.create(
        submission=made, file=table, check_name="differencing", severity="flag", message="It is new."
    )
    made.refresh_from_db()
    file_votes.carry(made)
    assert not FileVote.objects.filter(file=table).exists()
    assert FileVote.objects.filter(file__submission=made).exists()


def test_a_draft_that_was_never_finished_is_not_carried_over(vault: Vault) -> None:
    before, drafting = submission(State.RETURNED, vault=vault), checker()
    file_vote(before.files.get(), APPROVE, by=drafting)
    found = again(before, vault, {"table.csv": b"vowel,speakers\na,12\ne,14\n"})
    assert not FileVote.objects.filter(file__submission=found).exists()


def test_a_copy_made_otherwise_is_judged_anew(vault: Vault) -> None:
    before = submission(State.RETURNED, vault=vault)
    review(before, RETURN)
    made = submission(State.IN_REVIEW, vault=vault, author=before.author)
    other = vault.put(CANONICAL + b"i,16\r\n")
    made.files.update(canonical_sha256=other.sha256)
    Submission.objects.filter(pk=made.pk).update(replaces=before)
    made.refresh_from_db()
    assert file_votes.carry(made) == 0


def test_a_declared_conflict_takes_the_vote_out_of_the_count(vault: Vault, policies: Policies) -> None:
    found, first, second, third = submission(State.IN_REVIEW, vault=vault), checker(), checker(), checker()
    finish(first, found, vault, APPROVE)
    conflicts.declare(by=first, submission=found, reason="I wrote the paper with them")
    finish(second, found, vault, APPROVE)
    assert state_of(found) == State.IN_REVIEW
    finish(third, found, vault, APPROVE)
    assert state_of(found) == State.RELEASED
    votes = {one["reviewer"]: one["conflicted"] for one in policies.asked[-1].to_input()["reviews"]}
    assert votes == {first.id: True, second.id: False, third.id: False}


def test_a_conflict_declared_while_votes_differ_lets_another_look(vault: Vault) -> None:
    found, first, second = differing(vault)
    settle(second, found, RETURN, vault)
    conflicts.declare(by=first, submission=Submission.objects.get(pk=found.pk), reason="we share a grant")
    assert state_of(found) == State.IN_REVIEW
    assert not Review.objects.filter(submission=found, settled_at__isnull=False).exists()


@pytest.mark.parametrize("reason", ["", "friends", "x " * 400, "we share \x00 it"])
def test_a_conflict_needs_a_reason_that_can_be_read(reason: str, vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    with pytest.raises(Invalid):
        conflicts.declare(by=checker(), submission=found, reason=reason)
    assert not Conflict.objects.exists()


def test_a_conflict_is_declared_once_and_is_on_the_ledger(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    conflicts.declare(by=by, submission=found, reason="we share a grant")
    with pytest.raises(WrongState, match="declared a conflict"):
        conflicts.declare(by=by, submission=found, reason="we share a grant")
    assert Entry.objects.filter(kind="conflict_declared").count() == 1
