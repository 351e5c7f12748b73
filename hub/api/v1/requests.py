"""Access requests: a project's lead asks a dataset's steward, who approves or says why not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from hub.access import requests as services
from hub.access.models import AccessRequest, RequestState
from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Paging, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import datasets, projects
from hub.api.v1.people import Because
from hub.api.words import Id, Reason, Slug
from hub.errors import NotFound
from hub.people.models import Person
from hub.projects.models import MemberRequest, Membership

router = Router(tags=["access"])
READ, WRITE = Bearer(Scope.APPROVALS_READ), Bearer(Scope.APPROVALS_WRITE)
NONE = "There is no such request of your projects or for your datasets; GET /api/v1/requests lists them."


class Asked(Shown):
    """What a project asks for, why, and what was answered."""

    id: str
    project: str
    reason: str
    asked_by: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None

    @staticmethod
    def said_of(one: AccessRequest | MemberRequest) -> dict[str, Any]:
        """Return what every request says."""
        same = ("id", "reason", "asked_at", "answer", "answered_at")
        said = {name: getattr(one, name) for name in same}
        return said | {"project": one.project.slug, "asked_by": one.asked_by_id}


class RequestShown(Asked):
    """A project asks for a dataset version, and what became of it."""

    dataset: str
    version: str
    purpose: str
    until: date
    state: RequestState


class RequestsAsked(Paging):
    """Which requests: of your projects and for the datasets you are steward of."""

    state: RequestState | None = None


class NewRequest(Given):
    """A version that a project asks for."""

    project: Slug
    dataset: Slug
    version: datasets.VersionName
    until: date
    reason: Reason


def of_request(one: AccessRequest) -> RequestShown:
    """Return a request's shape."""
    return RequestShown(
        **Asked.said_of(one),
        dataset=one.version.dataset.slug,
        version=one.version.version,
        purpose=one.purpose,
        until=one.until,
        state=RequestState(one.state),
    )


@router.get("/requests", response=Listed[RequestShown], auth=READ)
def list_requests(request: HttpRequest, asked: Annotated[RequestsAsked, Query()]) -> HttpResponse:
    """List the requests of your projects and for the datasets you are steward of."""
    found = AccessRequest.objects.with_names().filter(_mine(caller.of(request).person))
    if asked.state is not None:
        found = found.filter(state=asked.state.value)
    return answers.listed(found.order_by("-asked_at", "id"), asked, of_request)


@router.post("/requests", response={201: RequestShown}, auth=WRITE)
def ask(request: HttpRequest, given: NewRequest) -> HttpResponse:
    """Ask for a version, as the project's lead; POST /approvals answers with yes."""
    person = caller.of(request).person

    def make() -> HttpResponse:
        made = services.ask(
            by=person,
            project=projects.visible_to(person, given.project),
            version=datasets.find_version(given.dataset, given.version),
            until=given.until,
            reason=given.reason,
        )
        fresh = services.fresh(made)
        return answers.made(of_request(fresh), row=fresh)

    return once(request, make)


@router.post("/requests/{id}/refuse", response=RequestShown, auth=WRITE)
def refuse(request: HttpRequest, id: Id, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Refuse a request, as the dataset's steward, with a reason that the project reads."""
    person = caller.of(request).person
    found = _find(person, id)
    answers.require_edition(found, if_match)
    services.refuse(by=person, request=found, reason=given.reason)
    fresh = services.fresh(found)
    return answers.shown(of_request(fresh), row=fresh)


@router.post("/requests/{id}/withdraw", response=RequestShown, auth=WRITE)
def withdraw(request: HttpRequest, id: Id, if_match: IfMatch = None) -> HttpResponse:
    """Take a request back, as the project's lead."""
    person = caller.of(request).person
    found = _find(person, id)
    answers.require_edition(found, if_match)
    services.withdraw(by=person, request=found)
    fresh = services.fresh(found)
    return answers.shown(of_request(fresh), row=fresh)


def _mine(person: Person) -> Q:
    mine = Membership.objects.current(datetime.now(UTC).date()).filter(person=person)
    return Q(version__dataset__steward=person) | Q(project_id__in=mine.values("project_id"))


def _find(person: Person, id: str) -> AccessRequest:
    found = AccessRequest.objects.with_names().filter(_mine(person), pk=id).first()
    if found is None:
        raise NotFound(NONE)
    return found
