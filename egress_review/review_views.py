"""The pages of an output checker: the queue, the review, its previews, votes and what comes of them."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from egress_review import (
    assignments,
    conflicts,
    file_votes,
    headers,
    queue,
    readings,
    review_page,
    reviews,
    shortages,
    timeline,
    views,
)
from egress_review.forms import AnswerForm, ConflictForm, FileVoteForm, FinishForm, SettleForm
from egress_review.models import File, Submission, Vote
from egress_review.previews import compare, files
from egress_review.states import State
from hub import refusals
from hub.affected import Affected
from hub.errors import Overtaken
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.projects.models import Project

PER_PAGE = 50
JUDGED = 10
MOST_SHORT = 5
MOST_TRIES = 3


@login_required
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """List what waits for the reader's vote, narrowed by what the address asks for."""
    person = reader(request)
    # PostgreSQL refuses a null where SQLite finds nothing.
    given = {name: request.GET.get(name, "")[:60] for name in ("tier", "project", "whose", "order")}
    asked = {name: value.replace("\x00", "?") for name, value in given.items()}
    pages = Paginator(queue.filtered(person, **asked), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    # Read once: as a question inside others it would be answered once for each of theirs.
    projects = list(queue.projects(person))
    context = {
        "page": page,
        "rows": [queue.row(one, person=person) for one in page],
        "asked": asked,
        "narrowed": any(asked.values()),
        "projects": projects,
        "short": shortages.among(Project.objects.filter(pk__in=[one.pk for one in projects]))[:MOST_SHORT],
        "kept": queue.kept_from(person),
        "judged": readings.judged(person).select_related("project")[:JUDGED],
        "query": "&".join(f"{name}={value}" for name, value in asked.items() if value.isidentifier()),
    }
    return render(request, "releases/queue.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, submission: str) -> HttpResponse:
    """Show a submission with its files to a checker, and take the end of their review."""
    person, found = reader(request), readings.find(submission)
    form = FinishForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form):
            _finish(person, found, form)
            found.refresh_from_db()
            messages.success(request, _said(found))
            return redirect("releases:detail", submission=found.pk)
    return _page(request, person, found, finish=form, wish=request.GET.get("file", ""))


@login_required
@require_POST
def vote_on_file(request: HttpRequest, submission: str, file: str) -> HttpResponse:
    """Keep a vote on one file and go on to the next without one."""
    person, found = reader(request), readings.find(submission)
    named = readings.file_of(found, file)
    form = _file_form(named, person, request)
    if form.is_valid():
        with refusals.said_on(form):
            _put(person, named, form)
            return redirect(_next(found, person))
    return _page(request, person, found, file_form=form, wish=named.pk)


@login_required
@require_POST
def settle(request: HttpRequest, submission: str) -> HttpResponse:
    """Take a checker's answer to the other's votes."""
    person, found = reader(request), readings.find(submission)
    head = SettleForm(request.POST)
    answers = _answer_forms(found, person, request)
    # Each form is looked at, so that each says what it lacks.
    if all([form.is_valid() for form in (head, *answers.values())]):
        with refusals.said_on(head):
            _settle(person, found, head, answers)
            found.refresh_from_db()
            messages.success(request, _said(found))
            return redirect("releases:detail", submission=found.pk)
    return _page(request, person, found, head=head, answers=answers)


@login_required
@require_GET
def preview(request: HttpRequest, submission: str, file: str) -> HttpResponse:
    """Serve a page of a file's preview for the sandboxed frame of the review page."""
    found = readings.find(submission)
    named = readings.file_of(found, file)
    readings.open_files(by=reader(request), submission=found, file=named.id)
    shown = files.of(named, page=_page_number(request), vault=views.vault)
    context = {"file": named, "shown": shown, "style": headers.FRAME_STYLE}
    return views.headed(render(request, "releases/frame.html", context), headers.frame())


@login_required
@require_GET
def beside(request: HttpRequest, submission: str, file: str) -> HttpResponse:
    """Serve two versions of a file beside each other for the sandboxed frame of the review page."""
    person, found = reader(request), readings.find(submission)
    named = readings.file_of(found, file)
    readings.open_files(by=person, submission=found, file=named.id)
    before, left, right = review_page.versions(found, named, request.GET.get("with", ""))
    if before.submission_id != found.id:
        readings.open_files(by=person, submission=before.submission, file=before.id)
    compared = compare.sides(left, right, media_type=named.media_type, vault=views.vault)
    context = {"file": named, "compared": compared, "style": headers.FRAME_STYLE}
    return views.headed(render(request, "releases/compare.html", context), headers.frame())


@login_required
@require_POST
def take(request: HttpRequest, submission: str) -> HttpResponse:
    """Say that the reader looks at a submission."""
    found = readings.find(submission)
    assignments.take(by=reader(request), submission=found)
    messages.success(request, "It shows that you look at it. Others may still review it as well.")
    return redirect("releases:review", submission=found.pk)


@login_required
@require_POST
def give_back(request: HttpRequest, submission: str) -> HttpResponse:
    """Say that the reader no longer looks at a submission."""
    found = readings.find(submission)
    assignments.give_back(by=reader(request), submission=found)
    messages.success(request, "You gave it back; what you voted so far is kept.")
    return redirect("releases:queue")


@login_required
@require_http_methods(["GET", "POST"])
def conflict(request: HttpRequest, submission: str) -> HttpResponse:
    """Declare a conflict of interest, once it is shown what that means."""
    person, found = reader(request), readings.find(submission)
    form = ConflictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form):
            _declare(person, found, form)
            messages.success(
                request, f"Noted: the releases of “{found.project.title}” are others’ to review."
            )
            return redirect("releases:queue")
    readings.open_page(by=person, submission=found)
    context = {
        "heading": "Declare a conflict of interest",
        "sentence": f"You say that you can’t judge results of “{found.project.title}” without favour.",
        "affected": _touched(person, found),
        "form": form,
        "action": "Declare the conflict",
        "danger": True,
        "back": reverse("releases:review", args=[found.pk]),
    }
    return render(request, "confirm.html", context, status=409 if form.errors else 200)


def _page(
    request: HttpRequest,
    person: Person,
    found: Submission,
    *,
    finish: Form | None = None,
    file_form: Form | None = None,
    head: Form | None = None,
    answers: dict[str, Form] | None = None,
    wish: str = "",
) -> HttpResponse:
    """Return the review page; a form with errors comes back as it was typed."""
    readings.open_files(by=person, submission=found)
    file = review_page.chosen(found, wish=wish, person=person)
    settling = found.state == State.DIFFERING
    forms = {
        "finish": finish or FinishForm(),
        "file_form": file_form or _file_form(file, person),
        "head": head or SettleForm(initial={"row_version": found.row_version}),
        "answers": [
            (one, (answers or _answer_forms(found, person))[one.file.pk])
            for one in (review_page.differing(found, person=person) if settling or head else [])
        ],
    }
    wrong = [form for form in (finish, file_form, head, *(answers or {}).values()) if form and form.errors]
    context = {
        **views.page(found, person),
        **review_page.context(found, file, person=person, asked=request.GET),
        **forms,
        "settling": settling,
        # Who may open the files may read what checkers write for each other.
        "as_checker": True,
        "pages": files.of(file, page=1, vault=views.vault).pages,
        "mine_taken": found.assignments.filter(person_id=person.id).exists(),
        "lookers": found.assignments.select_related("person"),
        "earlier": timeline.earlier(found),
    }
    response = render(request, "releases/review.html", context, status=409 if wrong else 200)
    response.headers["Content-Security-Policy"] = headers.REVIEW_PAGE
    return response


def _finish(person: Person, found: Submission, form: Form) -> None:
    """Finish a review; where the other checker did in the same moment, ask and look again in their place.

    A checker does not see the others' votes, so there is nothing new for them to look at.
    """
    said = form.cleaned_data
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            reviews.vote(
                by=person,
                submission=found,
                vote=Vote(said["vote"]) if said["vote"] else None,
                comment=said["comment"],
                note=said["note"],
                vault=views.vault,
            )
            return
        except Overtaken:
            if not tries_left:
                raise
            found.refresh_from_db()


def _put(person: Person, file: File, form: Form) -> None:
    said = form.cleaned_data
    file_votes.put(
        by=person,
        file=file,
        vote=Vote(said["vote"]),
        comment=said["comment"],
        note=said["note"],
        seen=said["seen"],
    )


def _settle(person: Person, found: Submission, head: Form, answers: dict[str, Form]) -> None:
    # What was read when the form was made: votes changed since then are votes not yet seen.
    found.row_version = head.cleaned_data["row_version"]
    said = {
        file: reviews.Answer(Vote(form.cleaned_data["vote"]), form.cleaned_data["comment"])
        for file, form in answers.items()
    }
    reviews.settle(by=person, submission=found, answers=said, vault=views.vault)


def _declare(person: Person, found: Submission, form: Form) -> None:
    conflicts.declare(by=person, submission=found, reason=form.cleaned_data["reason"])


def _file_form(file: File, person: Person, request: HttpRequest | None = None) -> FileVoteForm:
    vote = file.votes.filter(reviewer_id=person.id).first()
    known = {"vote": vote.vote, "comment": vote.comment, "note": vote.note} if vote else {}
    initial = {**known, "seen": vote.row_version if vote else 0}
    return FileVoteForm(request.POST if request else None, initial=initial, auto_id="file_%s")


def _answer_forms(found: Submission, person: Person, request: HttpRequest | None = None) -> dict[str, Form]:
    mine = file_votes.copies(found, of=person.id)
    return {
        file: AnswerForm(
            request.POST if request else None,
            prefix=file,
            initial={"vote": mine[file].vote, "comment": mine[file].comment} if file in mine else {},
        )
        for file in reviews.differing(found)
    }


def _next(found: Submission, person: Person) -> str:
    """Return the address of the next file without a vote, or of the end of the review."""
    voted = file_votes.copies(found, of=person.id)
    open_files = [file.pk for file in found.files.all() if file.pk not in voted]
    address = reverse("releases:review", args=[found.pk])
    return f"{address}?file={open_files[0]}" if open_files else f"{address}#finish"


def _said(found: Submission) -> str:
    if found.state == State.IN_REVIEW:
        needed = found.approvals_needed
        return f"Your review is finished. It is one of {needed}; nobody sees it before all are in."
    if found.state == State.DIFFERING:
        return "Your review is finished. The reviews differ: each of you answers once more."
    return f"Your review is finished. The submission is {State(found.state).label}."


def _touched(person: Person, found: Submission) -> list[Affected]:
    voted = found.reviews.filter(reviewer_id=person.id).exists()
    short = shortages.without(person, project=found.project)
    yours = "your vote no longer counts" if voted else "it leaves your queue"
    return [
        Affected(f"“{found.title}”", f"{yours}; other checkers review it"),
        Affected(found.project.title, "all its releases, now and later, are closed to you as a checker"),
        *(Affected(one.project.title, one.effect("keeps")) for one in short),
    ]


def _page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1
