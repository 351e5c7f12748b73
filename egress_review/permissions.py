"""Who may: each question about what leaves, its facts read fresh; a no is recorded and raised as Refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypedDict

from django.db.models import F, QuerySet

from egress_review.models import Conflict, File, FileVote, Finding, Review, Severity, Submission, Vote
from egress_review.states import REPLACEABLE, State
from hub.people import facts as people
from hub.people import permission
from hub.people.models import Person, Role
from hub.people.permission import Ask, Permission
from hub.policy import questions
from hub.projects import facts as projects
from hub.projects.models import Membership, NamedChecker, Project
from hub.workspaces import facts as workspaces
from hub.workspaces.models import Session

What = Literal["page", "files"]


class _UnderReview(TypedDict):
    """What is the same whoever is asked about: a submission, its project, and who has to approve."""

    project: questions.Project
    submission: questions.Submission
    reviewing: questions.Reviewing


class _Reviewed(_UnderReview):
    """What every question about a submission's review is asked with."""

    memberships: tuple[questions.Membership, ...]
    conflicted: bool


def to_hand_in(*, by: Person, session: Session, replaces: Submission | None = None) -> Permission:
    """Ask whether a person may hand in files from a session, in place of what came back if that is named."""
    project = projects.fresh(session.workspace.project)
    return permission.to(
        by,
        subject=session.id,
        ask=lambda person, at: questions.HandIn(
            person=person,
            at=at,
            project=projects.of(project),
            memberships=projects.memberships(project, by),
            session=workspaces.of(session),
            replaces=(of(replaces),) if replaces else (),
        ),
    )


def to_view(*, by: Person, submission: Submission, what: What) -> Permission:
    """Ask whether a person may see a submission's page or the content of its files."""
    return permission.to(
        by,
        subject=submission.id,
        ask=lambda person, at: questions.ViewSubmission(
            person=person,
            at=at,
            what=what,
            **_reviewed(by, submission),
        ),
    )


def to_vote(*, by: Person, submission: Submission, vote: Vote) -> Permission:
    """Ask whether a person may cast this vote on a submission."""
    return permission.to(
        by,
        subject=submission.id,
        ask=lambda person, at: questions.Vote(
            person=person,
            at=at,
            vote=vote.value,
            reviews=reviews_of(submission),
            **_reviewed(by, submission),
        ),
    )


def whether_to_vote(submission: Submission, vote: Vote) -> Callable[[Person], questions.Vote]:
    """Return what asks of one after another whether they may cast a vote, without recording it.

    What is the same for all of them is read once, at the beginning.
    """
    shared, cast = _under_review(submission), reviews_of(submission)
    return lambda by: questions.Vote(
        person=people.of(by),
        at=datetime.now(UTC),
        vote=vote.value,
        reviews=cast,
        **_of_one(by, submission, shared),
    )


def to_consolidate(*, by: Person, submission: Submission, vote: Vote) -> Permission:
    """Ask whether a person may answer once more on a submission on which the votes differ."""
    return permission.to(
        by,
        subject=submission.id,
        ask=lambda person, at: questions.Consolidate(
            person=person,
            at=at,
            vote=vote.value,
            reviews=reviews_of(submission),
            **_reviewed(by, submission),
        ),
    )


def to_release(*, by: Person, submission: Submission) -> Permission:
    """Ask, in the name of the reviewer whose vote was the last, whether a submission may leave."""
    return permission.to(
        by,
        subject=submission.id,
        ask=lambda person, at: questions.ReleaseSubmission(
            person=person,
            at=at,
            reviews=reviews_of(submission),
            files=approvals_of(submission),
            **_reviewed(by, submission),
        ),
    )


def to_withdraw(*, by: Person, submission: Submission) -> Permission:
    """Ask whether a person may take a submission back."""
    return permission.to(by, subject=submission.id, ask=_withdrawing(by, submission))


def may_withdraw(*, by: Person, submission: Submission) -> bool:
    """Return whether a page may offer a person to take a submission back."""
    return permission.would(by, ask=_withdrawing(by, submission))


def _withdrawing(by: Person, submission: Submission) -> Ask:
    return lambda person, at: questions.Withdraw(
        person=person,
        at=at,
        **_reviewed(by, submission),
    )


def _reviewed(by: Person, submission: Submission) -> _Reviewed:
    """Return the facts of now about a submission's review, as they are for one person."""
    return _of_one(by, submission, _under_review(submission))


def _of_one(by: Person, submission: Submission, shared: _UnderReview) -> _Reviewed:
    return {
        **shared,
        "memberships": projects.memberships(submission.project, by),
        "conflicted": conflicted(by, submission.project),
    }


def _under_review(submission: Submission) -> _UnderReview:
    project = projects.fresh(submission.project)
    return {
        "project": projects.of(project),
        "submission": of(submission),
        "reviewing": reviewing(submission, project),
    }


def to_download(*, by: Person, submission: Submission) -> Permission:
    """Ask whether a person may take a released file out of the enclave."""
    project = projects.fresh(submission.project)
    return permission.to(
        by,
        subject=submission.id,
        ask=lambda person, at: questions.Download(
            person=person,
            at=at,
            project=projects.of(project),
            memberships=projects.memberships(project, by),
            submission=of(submission),
        ),
    )


def to_see_queue(*, by: Person) -> Permission:
    """Ask whether a person may read about every project's submissions."""
    return permission.to(
        by,
        subject="submissions",
        ask=lambda person, at: questions.ReadRecords(person=person, at=at, records="submissions"),
    )


def of(submission: Submission) -> questions.Submission:
    """Return the facts about a submission, as they stand in the database now."""
    present = Submission.objects.get(pk=submission.pk)
    stands = Finding.objects.filter(submission=present, severity=Severity.BLOCK).exists()
    return questions.Submission(
        id=present.id,
        title=present.title,
        project=present.project_id,
        author=present.author_id,
        open_for_review=present.state == State.IN_REVIEW,
        differing=present.state == State.DIFFERING,
        blocked=stands or present.state == State.BLOCKED,
        released=present.state == State.RELEASED,
        withdrawn=present.state == State.WITHDRAWN,
        replaceable=State(present.state) in REPLACEABLE and not standing_in(present).exists(),
    )


def standing_in(submission: Submission) -> QuerySet[Submission]:
    """Return what was handed in in place of a submission and did not come to nothing."""
    return Submission.objects.filter(replaces=submission).exclude(
        state__in=[State.WITHDRAWN.value, State.BLOCKED.value]
    )


def reviewing(submission: Submission, project: Project) -> questions.Reviewing:
    """Return who is named to review a project's outputs, how many have to approve, and the data's tier."""
    found = NamedChecker.objects.filter(project=project).order_by("person").values_list("person", flat=True)
    named = tuple(found)
    return questions.Reviewing(
        anybody=not named, named=named, approvals=project.approvals_needed, tier=submission.tier
    )


def conflicted(by: Person, project: Project) -> bool:
    """Return whether a person declared a conflict of interest with a project."""
    return Conflict.objects.filter(person_id=by.id, project=project).exists()


def approvals_of(submission: Submission) -> tuple[questions.FileApproval, ...]:
    """Return who approved each file: finished reviews only, of the very bytes that the file has now."""
    finished = set(Review.objects.filter(submission=submission).values_list("reviewer_id", flat=True))
    approved: dict[str, list[str]] = {
        file: [] for file in File.objects.filter(submission=submission).values_list("id", flat=True)
    }
    cast = FileVote.objects.filter(file__submission=submission, vote=Vote.APPROVE, reviewer__in=finished)
    for vote in cast.filter(canonical_sha256=F("file__canonical_sha256")):
        approved[vote.file_id].append(vote.reviewer_id)
    return tuple(
        questions.FileApproval(file=file, approved_by=tuple(voters)) for file, voters in approved.items()
    )


def reviews_of(submission: Submission) -> tuple[questions.Review, ...]:
    """Return the votes cast so far, with what their casters are today."""
    today = datetime.now(UTC).date()
    rows = Review.objects.filter(submission=submission).select_related("reviewer")
    members = set(
        Membership.objects.filter(project=submission.project_id).values_list("person_id", flat=True)
    )
    apart = set(Conflict.objects.filter(project=submission.project_id).values_list("person_id", flat=True))
    return tuple(
        questions.Review(
            reviewer=row.reviewer_id,
            vote=Vote(row.vote).value,
            checker=Role.OUTPUT_CHECKER in row.reviewer.roles_on(today),
            member=row.reviewer_id in members,
            conflicted=row.reviewer_id in apart,
        )
        for row in rows.prefetch_related("reviewer__role_assignments")
    )
