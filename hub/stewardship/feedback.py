"""Feedback: said in one's own name, answered by the dataset's steward or by a checker from outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from django.db import transaction

from egress_review import permissions as submissions
from egress_review.models import Submission
from hub import policy, rows
from hub.datasets import facts as datasets
from hub.datasets.models import Dataset
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import facts as people
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import Permission
from hub.policy import questions
from hub.projects import facts as projects
from hub.stewardship.models import Feedback

What = Literal["give", "read", "answer"]
MOST_LETTERS = 5_000
# The facts about each decision are read for it alone; a list shows the words of the first few.
MOST_DECISIONS = 5


def give(
    *, by: Person, text: str, dataset: Dataset | None = None, submission: Submission | None = None
) -> Feedback:
    """Say what is wrong with a dataset or with the decision on a submission."""
    said = _words(text, "Say what is wrong, so that somebody can mend or explain it.")
    subject = dataset or submission
    if subject is None or (dataset and submission):
        raise Invalid("Feedback is about one dataset or one submission.")
    allowed = may(by, what="give", author=by.id, dataset=dataset, submission=submission)
    with transaction.atomic():
        allowed.use()
        mine = Feedback.objects.filter(author=by, text=said, dataset=dataset, submission=submission)
        if mine.waiting().exists():
            raise WrongState("You have said exactly that already, and it waits for an answer.")
        given = Feedback.objects.create(author=by, text=said, dataset=dataset, submission=submission)
        told = {"what": "feedback", "about": subject.id}
        entries.append(Kind.PROVISIONED, by=by.id, subject=given.id, facts=told)
    return given


def answer(*, by: Person, feedback: Feedback, text: str, row_version: int) -> None:
    """Answer feedback, once; its author reads it on the same page."""
    said = _words(text, "Write an answer; its author will read it.")
    now = Feedback.objects.with_people().get(pk=feedback.pk)
    allowed = may(by, what="answer", author=now.author_id, dataset=now.dataset, submission=now.submission)
    if now.answered_at is not None or now.row_version != row_version:
        raise WrongState("Somebody else has answered this meanwhile; load its page again.")
    with transaction.atomic():
        allowed.use()
        rows.claim(now, answer=said, answered_by_id=by.id, answered_at=datetime.now(UTC))
        told = {"what": "feedback", "answered": True}
        entries.append(Kind.PROVISIONED, by=by.id, subject=now.id, facts=told)


def read(*, by: Person, feedback: Feedback) -> None:
    """Let somebody read feedback, or raise Refused."""
    may(by, what="read", author=feedback.author_id, dataset=feedback.dataset, submission=feedback.submission)


def readable(*, by: Person, shown: Sequence[Feedback]) -> set[str]:
    """Return which of these, read a moment ago, somebody would be let read; nothing is written by asking."""
    person, at = people.of(people.fresh(by)), datetime.now(UTC)
    decisions = [one for one in shown if one.submission is not None][:MOST_DECISIONS]
    asked: list[tuple[Feedback, questions.Question]] = [
        (one, _about(one.dataset, "read", one.author_id)(person, at))
        for one in shown
        if one.dataset is not None
    ]
    asked += [(one, _asks(by, "read", one.author_id, None, one.submission)(person, at)) for one in decisions]
    # What one person says of one dataset is one question, however often they say something.
    answers = {question: policy.ask(question).allow for question in dict.fromkeys(q for _, q in asked)}
    return {one.pk for one, question in asked if answers[question]}


def whether_to_answer(by: Person, at: datetime, *, feedback: Feedback) -> questions.Question:
    """Return the question whether somebody may answer feedback, with the facts of now."""
    ask = _asks(by, "answer", feedback.author_id, feedback.dataset, feedback.submission)
    return ask(people.of(by), at)


def may(
    by: Person, *, what: What, author: str, dataset: Dataset | None, submission: Submission | None
) -> Permission:
    """Return the permission to give, read or answer feedback."""
    subject = dataset or submission
    assert subject is not None, "feedback has a subject"
    return permission.to(by, subject=subject.id, ask=_asks(by, what, author, dataset, submission))


def _asks(
    by: Person, what: What, author: str, dataset: Dataset | None, submission: Submission | None
) -> permission.Ask:
    """Return how the policies are asked about feedback, with the facts of now."""
    if dataset is not None:
        return _about(datasets.fresh(dataset), what, author)
    assert submission is not None, "feedback has a subject"
    project = projects.fresh(submission.project)
    return lambda person, at: questions.SubmissionFeedback(
        person=person,
        at=at,
        what=what,
        project=projects.of(project),
        memberships=projects.memberships(project, by),
        submission=submissions.of(submission),
        reviewing=submissions.reviewing(submission, project),
        author=author,
        conflicted=submissions.conflicted(by, project),
    )


def _about(dataset: Dataset, what: What, author: str) -> permission.Ask:
    """Return how the policies are asked about feedback on a dataset, with its facts as they were read."""
    return lambda person, at: questions.DatasetFeedback(
        person=person, at=at, what=what, dataset=datasets.of(dataset), author=author
    )


def _words(text: str, hint: str) -> str:
    said = text.strip()
    if not said:
        raise Invalid(hint)
    if len(said) > MOST_LETTERS or "\0" in said:
        raise Invalid(f"Write at most {MOST_LETTERS:,} letters, none of them a null.")
    return said
