"""Requests about a project's members: its lead asks, an admin does it or says why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Paging
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import projects
from hub.api.v1.people import Because
from hub.api.v1.requests import Asked
from hub.api.words import Email, Id, Reason, Slug
from hub.errors import NotFound
from hub.people import records
from hub.people.models import Person
from hub.projects import member_requests as services
from hub.projects.models import MemberRequest, MemberRole, Membership, Wish, WishState

router = Router(tags=["projects"])
READ, ASK, ANSWER = Bearer(Scope.PROJECTS_READ), Bearer(Scope.MEMBERS_ASK), Bearer(Scope.MEMBERS_WRITE)
NONE = "There is no such request of a project that you lead; GET /api/v1/member-requests lists them."


class MemberRequestShown(Asked):
    """A lead asks that somebody joins or leaves a project, and what became of it."""

    wish: Wish
    email: str
    role: MemberRole
    state: WishState


class MemberRequestsAsked(Paging):
    """Which requests: of the projects you lead, or of every project for those who may read about people."""

    all: bool = False
    state: WishState | None = None


class NewMemberRequest(Given):
    """Who should join or leave; whoever joins may be somebody who has no account here yet."""

    project: Slug
    wish: Wish
    email: Email
    role: MemberRole = MemberRole.RESEARCHER
    reason: Reason


def of_request(one: MemberRequest) -> MemberRequestShown:
    """Return a request's shape."""
    return MemberRequestShown(
        **Asked.said_of(one),
        wish=Wish(one.wish),
        email=one.email,
        role=MemberRole(one.role),
        state=WishState(one.state),
    )


@router.get("/member-requests", response=Listed[MemberRequestShown], auth=READ)
def list_requests(request: HttpRequest, asked: Annotated[MemberRequestsAsked, Query()]) -> HttpResponse:
    """List what was asked about the members of the projects you lead; with `all`, of every project."""
    actor = caller.of(request).actor
    if asked.all or not isinstance(actor, Person):
        records.open_for(actor, "people")
        found: QuerySet[MemberRequest] = MemberRequest.objects.with_names()
    else:
        found = _led_by(actor)
    if asked.state is not None:
        found = found.filter(state=asked.state.value)
    return answers.listed(found.order_by("-asked_at", "id"), asked, of_request)


@router.post("/member-requests", response={201: MemberRequestShown}, auth=ASK)
def ask(request: HttpRequest, given: NewMemberRequest) -> HttpResponse:
    """Ask that somebody joins or leaves, as the project's lead; changing its members answers with yes."""
    person = caller.of(request).person

    def make() -> HttpResponse:
        project = projects.visible_to(person, given.project)
        said = given.model_dump(exclude={"project"})
        made = services.fresh(services.ask(by=person, project=project, **said))
        return answers.made(of_request(made), row=made)

    return once(request, make)


@router.post("/member-requests/{id}/withdraw", response=MemberRequestShown, auth=ASK)
def withdraw(request: HttpRequest, id: Id, if_match: IfMatch = None) -> HttpResponse:
    """Take a request back, as the project's lead."""
    person = caller.of(request).person
    found = _found(_led_by(person), id, if_match)
    services.withdraw(by=person, request=found)
    return _as_it_is_now(found)


@router.post("/member-requests/{id}/refuse", response=MemberRequestShown, auth=ANSWER)
def refuse(request: HttpRequest, id: Id, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Refuse a request, as an admin, with a reason that the project's leads read."""
    actor = caller.of(request).actor
    # Who may not read about people is told that, whether there is such a request or not.
    records.open_for(actor, "people")
    found = _found(MemberRequest.objects.with_names(), id, if_match)
    services.refuse(by=actor, request=found, reason=given.reason)
    return _as_it_is_now(found)


def _led_by(person: Person) -> QuerySet[MemberRequest]:
    """Return the requests of the projects that somebody leads today."""
    held = Membership.objects.current(datetime.now(UTC).date()).filter(person=person)
    led = held.filter(role=MemberRole.PROJECT_LEAD.value)
    return MemberRequest.objects.with_names().filter(project__in=led.values("project"))


def _found(among: QuerySet[MemberRequest], id: str, if_match: str | None) -> MemberRequest:
    """Return one of some requests, in the edition that is named."""
    found = among.filter(pk=id).first()
    if found is None:
        raise NotFound(NONE)
    answers.require_edition(found, if_match)
    return found


def _as_it_is_now(found: MemberRequest) -> HttpResponse:
    fresh = services.fresh(found)
    return answers.shown(of_request(fresh), row=fresh)
