"""Why a checker is not for a submission: said before they try, and declared by themselves with a reason."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from egress_review import permissions, reviewers
from egress_review.models import Assignment, Conflict, Submission
from egress_review.states import VOTING, State
from egress_review.submissions import UNSEEN, move
from hub import rows
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person
from hub.projects.models import Membership

FEWEST_WORDS = 3
LONGEST_REASON = 500
OTHERS = "Other checkers are named to review its project."


def declare(*, by: Person, submission: Submission, reason: str) -> Conflict:
    """Declare a conflict of interest with a submission's project; its releases are others' from now on."""
    said = _reason(reason)
    allowed = permissions.to_view(by=by, submission=submission, what="page")
    with transaction.atomic():
        rows.recheck(submission.project)
        allowed.use()
        try:
            with transaction.atomic():
                made = Conflict.objects.create(person_id=by.id, project_id=submission.project_id, reason=said)
        except IntegrityError as error:
            raise WrongState(f"You declared a conflict with “{submission.project.title}” before.") from error
        of_project = Submission.objects.filter(project=submission.project_id)
        Assignment.objects.filter(person_id=by.id, submission__in=of_project).delete()
        for waiting in of_project.filter(state__in=list(VOTING), reviews__reviewer_id=by.id):
            _void(waiting)
        facts = {"project": submission.project_id, "submission": submission.id}
        entries.append(Kind.CONFLICT_DECLARED, by=by.id, subject=submission.project_id, facts=facts)
    return made


def _void(waiting: Submission) -> None:
    """Let a submission go on without a vote that counts no more; who decides at this moment looks again."""
    if waiting.state == State.DIFFERING:
        move(waiting, State.IN_REVIEW)
        waiting.reviews.update(settled_at=None)
    else:
        rows.claim(waiting)


def said_of(person: Person, submissions: Iterable[Submission]) -> dict[str, str]:
    """Return why a person is not for some of these submissions, {submission: sentence}."""
    found = list(submissions)
    projects = {one.project_id for one in found}
    inside = set(
        Membership.objects.filter(person=person, project__in=projects).values_list("project_id", flat=True)
    )
    declared = Conflict.objects.filter(person=person, project__in=projects)
    reasons = {one.project_id: one.reason for one in declared}
    named = reviewers.left_to_others(person).filter(project__in=projects)
    others = set(named.values_list("project_id", flat=True))
    return {
        one.id: why
        for one in found
        if (why := _why(person, one, inside, reasons) or (OTHERS if one.project_id in others else ""))
    }


def _why(person: Person, submission: Submission, inside: set[str], declared: dict[str, str]) -> str:
    if submission.author_id == person.id:
        return "You handed it in yourself; nobody reviews their own release."
    if submission.project_id in inside:
        return "You are or were a member of its project."
    if submission.project_id in declared:
        return f"You declared a conflict of interest: {declared[submission.project_id]}"
    return ""


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if len(said.split(" ")) < FEWEST_WORDS:
        raise Invalid("Say in a few words what the conflict is; others have to understand why you stay out.")
    if len(said) > LONGEST_REASON:
        raise Invalid(f"The reason is longer than {LONGEST_REASON} characters; say it more briefly.")
    if UNSEEN.search(said):
        raise Invalid("The reason has characters that can't be seen; write it as plain text.")
    return said
