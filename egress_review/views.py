"""The pages of what leaves: for researchers, for checkers, and the receipt."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from egress_review import answers, permissions, readings, receipts, releases, submissions, timeline
from egress_review.models import FileVote, Submission
from egress_review.states import MEANING, OPEN, State
from egress_review.vault import Vault
from hub.ledger import publisher
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.places import places

Response = TypeVar("Response", HttpResponse, StreamingHttpResponse)
SANDBOX = "sandbox; default-src 'none'"
PER_PAGE = 50
vault = Vault(places.state / "vault")


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List what was handed in from the reader's projects, narrowed by what the address asks for."""
    person = reader(request)
    whose, state = request.GET.get("whose", ""), request.GET.get("state", "")
    found = readings.mine(person).with_counts().newest_first().select_related("project", "author")
    if whose == "mine":
        found = found.filter(author=person)
    found = readings.narrowed(found, state=state, words="")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "whose": whose,
        "state": state,
        "states": list(State),
        "query": f"whose={quote(whose[:10])}&state={quote(state[:20])}",
        "waiting": readings.awaiting(person).count(),
    }
    return render(request, "releases/index.html", context)


@login_required
@require_GET
def everything(request: HttpRequest) -> HttpResponse:
    """List every submission, without content, for an auditor."""
    given = {name: request.GET.get(name, "")[:100] for name in ("state", "words")}
    # PostgreSQL refuses a null where SQLite finds nothing.
    asked = {name: value.strip().replace("\x00", "?") for name, value in given.items()}
    found = readings.narrowed(readings.open_queue(by=reader(request)), **asked).with_counts().newest_first()
    page = Paginator(found.select_related("project", "author"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "asked": asked, "states": list(State), "query": urlencode(asked)}
    return render(request, "releases/all.html", context)


@login_required
@require_GET
def detail(request: HttpRequest, submission: str) -> HttpResponse:
    """Show what became of a submission."""
    person, found = reader(request), readings.find(submission)
    readings.open_page(by=person, submission=found)
    may = State(found.state) in OPEN and permissions.may_withdraw(by=person, submission=found)
    return render(request, "releases/detail.html", page(found, person) | {"may_withdraw": may})


@login_required
@require_POST
def withdraw(request: HttpRequest, submission: str) -> HttpResponse:
    """Take a submission back."""
    found = readings.find(submission)
    submissions.withdraw(by=reader(request), submission=found)
    messages.success(request, "The submission is withdrawn; nothing of it leaves.")
    return redirect("releases:detail", submission=found.pk)


@login_required
@require_GET
def download(request: HttpRequest, submission: str, file: str) -> StreamingHttpResponse:
    """Send a released file, its bytes verified again on the way."""
    found = readings.find(submission)
    leaving = releases.download(
        by=reader(request),
        release=readings.release_of(found),
        file=readings.file_of(found, file),
        vault=vault,
    )
    response = StreamingHttpResponse(leaving.chunks, content_type="application/octet-stream")
    return headed(response, {**_attachment(leaving.name), "Content-Length": str(leaving.size_bytes)})


@login_required
@require_GET
def receipt(request: HttpRequest, submission: str) -> HttpResponse:
    """Show a release's receipt."""
    found = readings.find(submission)
    readings.open_page(by=reader(request), submission=found)
    release = readings.release_of(found)
    key = publisher.signer().verifier.vkey()
    context = {"submission": found, "receipt": release.receipt, "key": key}
    return render(request, "releases/receipt.html", context)


@login_required
@require_GET
def receipt_document(request: HttpRequest, submission: str) -> HttpResponse:
    """Send a release's receipt as JSON, with its proof."""
    found = readings.find(submission)
    readings.open_page(by=reader(request), submission=found)
    release = readings.release_of(found)
    response = HttpResponse(receipts.proved(release), content_type="application/json; charset=utf-8")
    return headed(response, _attachment(f"receipt-{release.id}.json"))


def page(submission: Submission, person: Person) -> dict[str, object]:
    """Return what every page about a submission says."""
    findings = list(submission.findings.select_related("file"))
    known = FileVote.objects.filter(file__submission=submission).readable_by(person.id)
    return {
        "submission": submission,
        "meaning": MEANING[State(submission.state)],
        "files": list(submission.files.all()),
        "findings": findings,
        "steps": timeline.steps(submission),
        "is_author": submission.author_id == person.id,
        "next": answers.next_of(submission),
        "call": answers.call(submission),
        "said": answers.to_author(person.id, [submission.id]).get(submission.id, []),
        "replaced_by": submission.replaced_by.order_by("-submitted_at").first(),
        "reviews": submission.reviews.readable_by(person.id).select_related("reviewer"),
        "file_votes": known.select_related("file", "reviewer"),
        "voted": submission.reviews.filter(reviewer_id=person.id).exists(),
        "may_vote": readings.reviewable(person).filter(pk=submission.pk).exists(),
        "released": submission.state == State.RELEASED,
    }


def headed(response: Response, headers: dict[str, str]) -> Response:
    """Return a response with more headers."""
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _attachment(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "no-store",
    }
