"""What was handed in, what was found and decided, and what left."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from egress_review import readings, receipts, releases, submissions
from egress_review.models import File, Finding, Severity, Submission
from egress_review.states import MEANING, State
from egress_review.vault import Vault
from hub.api import answers, caller
from hub.api.answers import IfMatch, Listed, Pages, Paging, Shown
from hub.api.caller import Bearer
from hub.api.scopes import Scope
from hub.api.words import Id, Slug
from hub.places import places

router = Router(tags=["submissions"])
READ = Bearer(Scope.RELEASES_READ)
vault = Vault(places.state / "vault")
DOWNLOAD = {
    "responses": {
        200: {
            "description": "The released bytes",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


class SubmissionShown(Shown):
    """Files that somebody wishes to take out of a project; of votes only the outcome is told."""

    id: str
    title: str
    project: str
    author: str
    state: State
    meaning: str
    submitted_at: datetime
    screened_at: datetime | None
    decided_at: datetime | None


class FileShown(Shown):
    """One file as it was handed in, and the copy that may leave."""

    id: str
    name: str
    size_bytes: int
    sha256: str
    media_type: str
    released_name: str
    released_sha256: str
    released_size_bytes: int | None


class SubmissionDetail(SubmissionShown):
    """A submission with its explanation and its files."""

    context: str
    controls: str
    files: list[FileShown]


class FindingShown(Shown):
    """Something the screening saw, where, and how to put it right."""

    file: str | None
    check: str
    severity: Severity
    where: str
    message: str
    fix: str


class SubmissionsAsked(Paging):
    """Which submissions: of your projects, or all for those who may read that."""

    all: bool = False
    state: State | None = None
    project: Slug | None = None


def of_submission(one: Submission) -> SubmissionShown:
    """Return a submission's shape."""
    return SubmissionShown(**_said(one))


def of_file(one: File, *, left: bool) -> FileShown:
    """Return a file's shape; of the copy that may leave nothing is said before it left."""
    return FileShown(
        id=one.id,
        name=one.name,
        size_bytes=one.size_bytes,
        sha256=one.sha256,
        media_type=one.media_type,
        released_name=one.canonical_name if left else "",
        released_sha256=one.canonical_sha256 if left else "",
        released_size_bytes=one.canonical_size_bytes if left else None,
    )


def of_finding(one: Finding) -> FindingShown:
    """Return a finding's shape."""
    return FindingShown(
        file=one.file.name if one.file else None,
        check=one.check_name,
        severity=Severity(one.severity),
        where=one.where,
        message=one.message,
        fix=one.fix,
    )


@router.get("/submissions", response=Listed[SubmissionShown], auth=READ)
def list_submissions(request: HttpRequest, asked: Annotated[SubmissionsAsked, Query()]) -> HttpResponse:
    """List what was handed in from your projects; with `all`, everything."""
    person = caller.of(request).person
    found = readings.open_queue(by=person) if asked.all else readings.mine(person)
    if asked.state is not None:
        found = found.filter(state=asked.state.value)
    if asked.project is not None:
        found = found.filter(project__slug=asked.project)
    return answers.listed(found.newest_first().select_related("project"), asked, of_submission)


@router.get("/submissions/{id}", response=SubmissionDetail, auth=READ)
def get_submission(request: HttpRequest, id: Id) -> HttpResponse:
    """Show a submission; the look is on the ledger."""
    found = _seen(request, id)
    detail = SubmissionDetail(
        **_said(found),
        context=found.context,
        controls=found.controls,
        files=[of_file(file, left=found.state == State.RELEASED) for file in found.files.all()],
    )
    return answers.shown(detail, row=found)


@router.get("/submissions/{id}/findings", response=Listed[FindingShown], auth=READ)
def list_findings(request: HttpRequest, id: Id, paging: Pages) -> HttpResponse:
    """List what the screening found; the look is on the ledger."""
    found = Finding.objects.filter(submission=_seen(request, id)).select_related("file")
    return answers.listed(found.order_by("severity", "id"), paging, of_finding)


@router.post("/submissions/{id}/withdraw", response=SubmissionShown, auth=Bearer(Scope.RELEASES_WRITE))
def withdraw(request: HttpRequest, id: Id, if_match: IfMatch = None) -> HttpResponse:
    """Take a submission back."""
    found = readings.find(id)
    person = caller.of(request).person
    readings.open_page(by=person, submission=found)
    answers.require_edition(found, if_match)
    submissions.withdraw(by=person, submission=found)
    return answers.shown(of_submission(found), row=found)


@router.get("/submissions/{id}/receipt", response=dict, auth=READ)
def get_receipt(request: HttpRequest, id: Id) -> HttpResponse:
    """Show a release's receipt with its proof, as `python3 -m hub ledger receipt` checks it."""
    release = readings.release_of(_seen(request, id))
    return HttpResponse(receipts.proved(release), content_type=answers.TYPE)


@router.get(
    "/submissions/{id}/files/{file}/download",
    auth=Bearer(Scope.RELEASES_DOWNLOAD),
    openapi_extra=DOWNLOAD,
)
def download(request: HttpRequest, id: Id, file: Id) -> StreamingHttpResponse:
    """Download a released file; it is on the ledger before its first byte leaves."""
    person = caller.of(request).person
    found = readings.find(id)
    leaving = releases.download(
        by=person,
        release=readings.release_of(found),
        file=readings.file_of(found, file),
        vault=vault,
    )
    response = StreamingHttpResponse(leaving.chunks, content_type="application/octet-stream")
    response.headers["Content-Length"] = str(leaving.size_bytes)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(leaving.name, safe='')}"
    return response


def _seen(request: HttpRequest, id: str) -> Submission:
    found = readings.find(id)
    readings.open_page(by=caller.of(request).person, submission=found)
    return found


def _said(one: Submission) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "project": one.project.slug,
        "author": one.author_id,
        "state": State(one.state),
        "meaning": MEANING[State(one.state)],
        "submitted_at": one.submitted_at,
        "screened_at": one.screened_at,
        "decided_at": one.decided_at,
    }
