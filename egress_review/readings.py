"""Looking: each look at a submission is asked for and written down before anything is shown."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from egress_review import permissions, reviewers
from egress_review.models import File, Release, Review, Submission, SubmissionQuerySet, tied
from egress_review.states import DECIDED, REPLACEABLE, State
from hub.errors import NotFound
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person, Role
from hub.projects.models import Membership

UNKNOWN = "There is no such submission, or none that your roles and projects let you see."


def mine(person: Person) -> SubmissionQuerySet:
    """Return the submissions of the projects that a person is in today."""
    held = Membership.objects.current(timezone.now().date()).filter(person=person)
    return Submission.objects.of_projects(held.values_list("project_id", flat=True))


def reviewable(person: Person) -> SubmissionQuerySet:
    """Return what waits for votes, of projects the person has no part in; only checkers have any."""
    if Role.OUTPUT_CHECKER not in person.roles_on(timezone.now().date()):
        return Submission.objects.none()
    return _open_to(person).exclude(_not_for(person)).order_by("submitted_at")


def awaiting(person: Person) -> SubmissionQuerySet:
    """Return what waits for this person's own vote or answer, the longest waiting first."""
    voted = Review.objects.filter(reviewer=person)
    done = voted.exclude(submission__state=State.DIFFERING) | voted.exclude(settled_at=None)
    return reviewable(person).exclude(pk__in=done.values("submission"))


def came_back(person: Person) -> SubmissionQuerySet:
    """Return what its author has to change and has not handed in anew, the latest first."""
    nothing = [State.WITHDRAWN.value, State.BLOCKED.value]
    anew = Submission.objects.filter(replaces=OuterRef("pk")).exclude(state__in=nothing)
    back = Submission.objects.filter(author=person, state__in=[state.value for state in REPLACEABLE])
    # What was blocked in its turn stands in the list itself.
    blocked = Submission.objects.filter(replaces=OuterRef("pk"), state=State.BLOCKED)
    return back.filter(~Exists(anew), ~Exists(blocked)).newest_first()


def kept_from(person: Person) -> SubmissionQuerySet:
    """Return what waits for votes but not for this checker's, whose page says why."""
    if Role.OUTPUT_CHECKER not in person.roles_on(timezone.now().date()):
        return Submission.objects.none()
    return _open_to(person).filter(_not_for(person))


def judged(person: Person) -> SubmissionQuerySet:
    """Return what a checker reviewed and is decided, where they may still look at it, the latest first."""
    if Role.OUTPUT_CHECKER not in person.roles_on(timezone.now().date()):
        return Submission.objects.none()
    # Joined, they are read from the reviewer's few: as a subquery, SQLite looks through all that is decided.
    over = Submission.objects.filter(reviews__reviewer=person, state__in=[state.value for state in DECIDED])
    return over.exclude(_not_for(person)).order_by("-decided_at", "-id")


def _open_to(person: Person) -> SubmissionQuerySet:
    """Keep what takes votes: where two differ, only theirs."""
    theirs = Review.objects.standing().filter(reviewer=person).values("submission")
    open_now = Q(state=State.IN_REVIEW) | Q(state=State.DIFFERING, pk__in=theirs)
    return Submission.objects.filter(open_now)


def _not_for(person: Person) -> Q:
    others = reviewers.left_to_others(person).values("project")
    return Q(author=person) | tied(person) | Q(project__in=others)


def narrowed(found: SubmissionQuerySet, *, state: str, words: str) -> SubmissionQuerySet:
    """Keep what is in a state, and has words in its title, its project's or its author's name."""
    if state in {one.value for one in State}:
        found = found.filter(state=state)
    if words:
        named = Q(title__icontains=words) | Q(project__title__icontains=words)
        found = found.filter(named | Q(author__name__icontains=words))
    return found


def find(submission: str) -> Submission:
    """Return a submission by its id."""
    found = Submission.objects.select_related("project", "author", "session").filter(pk=submission).first()
    if found is None:
        raise NotFound(UNKNOWN)
    return found


def file_of(submission: Submission, file: str) -> File:
    """Return a submission's file by its id."""
    found = submission.files.filter(pk=file).first()
    if found is None:
        raise NotFound("This submission has no such file.")
    return found


def release_of(submission: Submission) -> Release:
    """Return a submission's release, if it left."""
    found = Release.objects.filter(submission=submission).first()
    if found is None or submission.state != State.RELEASED:
        raise NotFound("This submission is not released; its page says what it waits for.")
    return found


def open_page(*, by: Person, submission: Submission) -> None:
    """Let a person see a submission's page."""
    _look(by=by, submission=submission, what="page", file="")


def open_files(*, by: Person, submission: Submission, file: str = "") -> None:
    """Let a reviewer see the content of a submission's files before it is decided."""
    _look(by=by, submission=submission, what="files", file=file)


def open_queue(*, by: Person) -> SubmissionQuerySet:
    """Return every submission for an auditor, who sees what happened but no content."""
    allowed = permissions.to_see_queue(by=by)
    with transaction.atomic():
        allowed.use()
    return Submission.objects.all()


def _look(*, by: Person, submission: Submission, what: permissions.What, file: str) -> None:
    allowed = permissions.to_view(by=by, submission=submission, what=what)
    with transaction.atomic():
        allowed.use()
        facts = {"what": what, "file": file, "state": submission.state}
        entries.append(Kind.VIEWED, by=by.id, subject=submission.id, facts=facts)
