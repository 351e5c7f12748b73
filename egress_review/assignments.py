"""Taking a submission, and giving it back: a hint to other checkers, never a lock."""

from __future__ import annotations

from django.db import transaction

from egress_review import permissions
from egress_review.models import Assignment, Submission
from egress_review.states import VOTING, State
from egress_review.submissions import named
from hub.errors import WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person


def take(*, by: Person, submission: Submission) -> None:
    """Say that a checker looks at a submission; saying it twice changes nothing."""
    if State(submission.state) not in VOTING:
        raise WrongState(f"{named(submission)} is {State(submission.state).label}; it waits for no checker.")
    allowed = permissions.to_view(by=by, submission=submission, what="files")
    with transaction.atomic():
        allowed.use()
        _, made = Assignment.objects.get_or_create(submission=submission, person_id=by.id)
        if made:
            entries.append(Kind.REVIEW_TAKEN, by=by.id, subject=submission.id, facts={})


def give_back(*, by: Person, submission: Submission) -> None:
    """Say that a checker no longer looks at a submission; votes already put down stay theirs."""
    with transaction.atomic():
        gone, _ = Assignment.objects.filter(submission=submission, person_id=by.id).delete()
        if gone:
            entries.append(Kind.REVIEW_GIVEN_BACK, by=by.id, subject=submission.id, facts={})
