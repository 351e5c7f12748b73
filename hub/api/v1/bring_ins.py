"""Text on its way in: handed in here, read by a person on the portal, never judged by a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import AfterValidator, Field, StringConstraints

from egress_review.vault import Vault
from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Paging, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import projects
from hub.api.words import Id, Line, Slug, paragraphs
from hub.bring_ins import services, text
from hub.bring_ins.models import BringIn, BringInFile, BringInState
from hub.places import places

router = Router(tags=["bring-ins"])
READ, WRITE = Bearer(Scope.BRING_INS_READ), Bearer(Scope.BRING_INS_WRITE)
vault = Vault(places.state / "vault")


def _encodable(content: str) -> str:
    """Refuse halves of pairs, which JSON can write and UTF-8 can't; the service says what else is no text."""
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise ValueError("has half of a surrogate pair in it, which is no text") from error
    return content


Content = Annotated[
    str, StringConstraints(min_length=1, max_length=text.MOST_FILE_BYTES), AfterValidator(_encodable)
]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=services.LONGEST_TEXT),
    AfterValidator(paragraphs),
]


class TextGiven(Given):
    """One text file: its name and what is in it."""

    name: Line
    text: Content


class NewBringIn(Given):
    """Text files for a project's sessions, what they are and why the project needs them."""

    project: Slug
    title: Line
    why: Why
    files: Annotated[list[TextGiven], Field(min_length=1, max_length=text.MOST_FILES)]


class BringInShown(Shown):
    """Something brought in, and what a checker said; `folder` is where sessions find it once approved."""

    id: str
    project: str
    author: str
    title: str
    folder: str
    state: BringInState
    brought_at: datetime
    decided_at: datetime | None
    comment: str
    withdrawn_at: datetime | None


class TextShown(Shown):
    """One file as it was frozen; its text is read on the portal."""

    name: str
    size_bytes: int
    sha256: str
    lines: int


class NoteShown(Shown):
    """Something that its reader should look at."""

    file: str
    line: int
    message: str


class BringInDetail(BringInShown):
    """Something brought in with its reason, its files and what is to be looked at."""

    why: str
    files: list[TextShown]
    findings: list[NoteShown]


class BringInsAsked(Paging):
    """Which bring-ins: of your projects, or what waits for a review of yours."""

    for_review: bool = False
    state: BringInState | None = None
    project: Slug | None = None


def of_bring_in(one: BringIn) -> BringInShown:
    """Return a bring-in's shape."""
    return BringInShown(**_said(one))


def of_text(one: BringInFile) -> TextShown:
    """Return a file's shape."""
    return TextShown(name=one.name, size_bytes=one.size_bytes, sha256=one.sha256, lines=one.lines)


def of_detail(one: BringIn) -> BringInDetail:
    """Return a bring-in's shape with its files."""
    files = [of_text(file) for file in one.files.all()]
    notes = [NoteShown(**found) for found in one.findings]
    return BringInDetail(**_said(one), why=one.why, files=files, findings=notes)


@router.get("/bring-ins", response=Listed[BringInShown], auth=READ)
def list_bring_ins(request: HttpRequest, asked: Annotated[BringInsAsked, Query()]) -> HttpResponse:
    """List what was brought into your projects; with `for_review`, what waits for you as a checker."""
    person, today = caller.of(request).person, datetime.now(UTC).date()
    everything = BringIn.objects.with_people()
    found = everything.awaiting(person, today) if asked.for_review else everything.of(person, today)
    if asked.state is not None:
        found = found.filter(state=asked.state.value)
    if asked.project is not None:
        found = found.filter(project__slug=asked.project)
    return answers.listed(found, asked, of_bring_in)


@router.post("/bring-ins", response={201: BringInDetail}, auth=WRITE)
def bring(request: HttpRequest, given: NewBringIn) -> HttpResponse:
    """Hand in text for a review; a person reads it and decides on the portal, as for the page."""
    person = caller.of(request).person

    def make() -> HttpResponse:
        made = services.bring(
            by=person,
            project=projects.visible_to(person, given.project),
            title=given.title,
            why=given.why,
            files=[(one.name, one.text.encode()) for one in given.files],
            vault=vault,
        )
        return answers.made(of_detail(made), row=made)

    return once(request, make)


@router.get("/bring-ins/{id}", response=BringInDetail, auth=READ)
def get_bring_in(request: HttpRequest, id: Id) -> HttpResponse:
    """Show what was brought in, what was found and decided; the look is on the ledger."""
    found = _seen(request, id)
    return answers.shown(of_detail(found), row=found)


@router.post("/bring-ins/{id}/take-back", response=BringInShown, auth=WRITE)
def take_back(request: HttpRequest, id: Id, if_match: IfMatch = None) -> HttpResponse:
    """Take text out of the queue, or out of the project's sessions, running ones too."""
    found = _seen(request, id)
    answers.require_edition(found, if_match)
    services.take_back(by=caller.of(request).person, bring_in=found, vault=vault)
    return answers.shown(of_bring_in(found), row=found)


def _seen(request: HttpRequest, id: str) -> BringIn:
    person, found = caller.of(request).person, services.find(id)
    services.open_page(by=person, bring_in=found)
    return found


def _said(one: BringIn) -> dict[str, Any]:
    return {
        "id": one.id,
        "project": one.project.slug,
        "author": one.author_id,
        "title": one.title,
        "folder": one.folder,
        "state": BringInState(one.state),
        "brought_at": one.brought_at,
        "decided_at": one.decided_at,
        "comment": one.comment,
        "withdrawn_at": one.withdrawn_at,
    }
