"""The controls over hand-ins, votes and files: what is taken and frozen, and on which votes it leaves."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from tests.security.without.removal import Removal, Unreached, nothing, put, replaced

SUBMISSIONS, VOTES = "unit/egress_review/test_submissions.py", "unit/egress_review/test_file_votes.py"
SCREENINGS, NAMES = "unit/egress_review/test_screenings.py", "unit/egress_review/test_names.py"
DOOR, REVIEWS = "integration/egress_review/test_door.py", "unit/egress_review/test_reviews.py"
RELEASES, VAULT = "unit/egress_review/test_releases.py", "unit/egress_review/test_vault.py"
APART = "security/test_screening_apart.py"


class Running:
    """The state that every session is in."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # nobody keeps it in a set


def held_by_anybody(submission: Any, worker: str) -> Any:
    """Settle a submission whoever has it by now."""
    from egress_review.models import Submission

    return Submission.objects.select_for_update().get(pk=submission.pk)


def of_all(submission: Any) -> tuple[Any, ...]:
    """Take every vote for one on the file of now."""
    from egress_review.models import FileVote
    from hub.policy import questions

    votes = FileVote.objects.filter(file__submission=submission)
    return tuple(
        questions.FileApproval(
            file=file.id, approved_by=tuple(votes.filter(file=file).values_list("reviewer_id", flat=True))
        )
        for file in submission.files.all()
    )


class Uncounted(set[Any]):
    """Connections that are not counted."""

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return any(True for _ in self)


def any_connection() -> None:
    """Take every connection; the door's own module is the process, so tornado's server is changed."""
    from tornado.httpserver import HTTPServer

    begin = HTTPServer.initialize

    def begun(self: HTTPServer, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        self._connections = Uncounted()

    replaced(HTTPServer, "initialize", begun)


def any_header() -> None:
    """Read headers however long they are."""
    from tornado.httpserver import HTTPServer

    begin = HTTPServer.initialize

    def begun(self: HTTPServer, *given: Any, **named: Any) -> None:
        begin(self, *given, **{**named, "max_header_size": 1 << 24})

    replaced(HTTPServer, "initialize", begun)


def as_it_was_read() -> None:
    """Act on a submission as it was read, whatever it is by now."""
    from egress_review import reviews
    from egress_review.models import Submission
    from hub import rows

    def moved(submission: Submission, wish: Any, **changes: Any) -> None:
        Submission.objects.filter(pk=submission.pk).update(state=wish.value, **changes)
        submission.refresh_from_db()

    replaced(rows, "recheck", nothing)
    replaced(reviews, "move", moved)


def from_any_state() -> None:
    """Let a submission leave from whichever state it is in."""
    from egress_review import releases, submissions

    replaced(releases, "require_move", nothing)
    replaced(submissions, "require_move", nothing)


REMOVALS = {
    "running": Removal(
        "files are taken from a session that runs",
        put("egress_review.submissions:SessionState", SimpleNamespace(RUNNING=Running())),
        SUBMISSIONS,
        "test_nothing_is_handed_in_from_a_session_that_does_not_run",
        shows="DID NOT RAISE",
    ),
    "explained": Removal(
        "a hand-in says what it is, in words that can be read",
        put("egress_review.submissions:_text", lambda field, text, longest: text),
        SUBMISSIONS,
        "test_an_explanation_that_explains_nothing_is_refused_with_a_sentence "
        "and not changes0 and not changes5 and not changes9",
        shows="DID NOT RAISE",
    ),
    "queue": Removal(
        "one project can't fill the checkers' queue",
        put("egress_review.submissions:_require_room", nothing),
        SUBMISSIONS,
        "test_a_project_can_not_fill_the_queue",
        shows="DID NOT RAISE",
    ),
    "stale": Removal(
        "nobody acts on a submission as it no longer is (two layers: looked at again, changed only as read)",
        as_it_was_read,
        REVIEWS,
        "test_two_votes_that_cross_are_not_both_taken_on_one_reading",
        shows="DID NOT RAISE",
    ),
    "moves": Removal(
        "a submission moves as the table of moves says",
        put("egress_review.submissions:require_move", nothing),
        SUBMISSIONS,
        "test_what_is_over_is_not_withdrawn",
        shows="DID NOT RAISE",
    ),
    "approved": Removal(
        "nothing leaves from another state than approved, whatever the policies say",
        from_any_state,
        RELEASES,
        "test_nothing_but_an_approved_submission_leaves and (differing or returned or rejected)",
        shows="DID NOT RAISE",
    ),
    "open": Removal(
        "no vote is taken on what is not in review, whatever the policies say",
        put("egress_review.reviews:_require_open", nothing),
        REVIEWS,
        "test_no_vote_is_taken_outside_review and (returned or rejected or approved or released)",
        shows="DID NOT RAISE",
    ),
    "whole": Removal(
        "a review that leaves a file out is not finished",
        put("egress_review.reviews:_Ballot.missing", property(lambda ballot: [])),
        VOTES,
        "test_a_review_that_leaves_a_file_out_is_not_finished",
        shows="DID NOT RAISE",
    ),
    "carried": Removal(
        "a vote is carried over to the same bytes and the same copy, in which nothing new was found",
        put("egress_review.file_votes:unchanged", lambda file, before: True),
        VOTES,
        "test_only_what_changed_is_voted_on_again or test_a_file_in_which_something_new "
        "or test_a_copy_made_otherwise_is_judged_anew",
        shows="notes.txt|not True|1 == 0",
    ),
    "other-bytes": Removal(
        "a vote on other bytes is not told the policies as one on these",
        put("egress_review.permissions:approvals_of", of_all),
        VOTES,
        "test_a_vote_on_other_bytes_counts_for_nothing",
        shows="approved_by",
    ),
    "numbers": Removal(
        "no project asks for fewer approvals than two, or for more than can be had",
        put("egress_review.reviewers:check", nothing),
        "unit/egress_review/test_reviewers.py",
        "test_numbers_that_no_release_can_have_are_refused and not setting",
        shows="DID NOT RAISE",
    ),
    "comments": Removal(
        "what checkers write is text that can be read",
        put("egress_review.comments:plain", lambda text, what: text.strip()),
        VOTES,
        "test_a_comment_that_says_nothing_or_hides_something_is_refused and three",
        shows="DID NOT RAISE",
    ),
    "late": Removal(
        "a screening's result is taken from who holds the claim, and for what still waits for it",
        put("egress_review.screenings:_held", held_by_anybody),
        SCREENINGS,
        "test_a_result_that_comes_after_the_lease_settles_nothing",
        shows="in_review",
    ),
    "attempts": Removal(
        "files that keep killing the worker are blocked",
        put("egress_review.screenings:MOST_ATTEMPTS", Unreached(3)),
        SCREENINGS,
        "test_files_that_keep_killing_the_worker_are_blocked",
        shows="in_review",
    ),
    "index": Removal(
        "nothing is screened before there is something to compare it with",
        put("egress_review.indexes:require", nothing),
        "unit/egress_review/test_indexes.py",
        "test_nothing_is_screened_before_the_leak_index_of_what_the_project_saw_is_built",
        shows="in_review",
    ),
    "hostile-names": Removal(
        "a file's name misleads neither its reader nor a disk",
        put("egress_review.names:accepted", lambda name: name),
        NAMES,
        "test_a_hostile_name_is_refused_with_a_sentence",
        shows="DID NOT RAISE",
    ),
    "alike": Removal(
        "no two files of a hand-in have names that read alike",
        put("egress_review.names:distinct", tuple),
        NAMES,
        "test_two_names_that_read_alike_are_refused",
        shows="DID NOT RAISE",
    ),
    "links-kept": Removal(
        "content that was swapped for a link is not followed",
        put("egress_review.vault:os.O_NOFOLLOW", 0),
        VAULT,
        "test_content_swapped_for_a_link_is_not_followed",
        shows="DID NOT RAISE",
    ),
    "hash-names": Removal(
        "only a hash names content",
        put("egress_review.vault:HASH", re.compile(r"(?s).*")),
        VAULT,
        "test_only_a_hash_names_content",
        shows="DID NOT RAISE",
    ),
    "held": Removal(
        "a release that can't leave is not tried every second",
        put("egress_review.releases:AGAIN_SECONDS", 0),
        RELEASES,
        "test_a_release_that_is_held_is_not_tried_every_second",
        shows="2 == 1",
    ),
    "connections": Removal(
        "a session holds no more connections to its door than a client needs",
        any_connection,
        DOOR,
        "test_a_session_cannot_hold_more_connections_than_a_client_needs",
        shows="40 in|in \\(15, 16\\)",
    ),
    "headers": Removal(
        "a hand-in's headers end at their length",
        any_header,
        DOOR,
        "test_oversized_headers_are_refused",
        shows="not in",
    ),
    "parser-memory": Removal(
        "a parser ends at its memory",
        put("egress_review.screening.isolation:_mapped", lambda: 1 << 40),
        APART,
        "test_a_parser_that_takes_too_much_memory_is_told_so",
        shows="crashed",
    ),
    "parser-answer": Removal(
        "a parser answers with no more than a copy, in the form that is expected",
        put(
            "egress_review.screening.isolation:_understood", lambda answer: SimpleNamespace(canonical=answer)
        ),
        APART,
        "test_a_parser_may_not_answer_with_more_than_a_copy or test_a_parser_that_misbehaves_is_a_block",
        shows="is None",
    ),
}
