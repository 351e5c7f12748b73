"""Approvals and agreements: which project may use which data, for what, until when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from hub.access import agreements, approvals
from hub.access.models import Agreement, Approval
from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Pages, Paging, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import datasets, projects
from hub.api.v1.people import Because
from hub.api.words import Id, Line, Slug, Text
from hub.datasets.models import Dataset
from hub.errors import NotFound
from hub.people import records
from hub.people.models import Person
from hub.people.permission import Actor
from hub.projects import visible
from hub.projects.models import Project

router = Router(tags=["access"])
READ, WRITE = Bearer(Scope.APPROVALS_READ), Bearer(Scope.APPROVALS_WRITE)
Version = datasets.VersionName


class ApprovalShown(Shown):
    """A project may use a dataset version, for a purpose, until a date."""

    id: str
    project: str
    dataset: str
    version: str
    purpose: str
    until: date
    conditions: str
    approved_by: str
    approved_at: datetime
    revoked_at: datetime | None
    revoked_reason: str


class ApprovalsAsked(Paging):
    """Which approvals: of the datasets you are steward of, or all for those who may read that."""

    all: bool = False
    project: Slug | None = None
    dataset: Slug | None = None


class NewApproval(Given):
    """A dataset version to be approved for a project's purpose."""

    project: Slug
    dataset: Slug
    version: Version
    purpose: Annotated[Line, Field(max_length=60)]
    until: date
    conditions: Text = ""


class ApprovalGiven(Given):
    """Until when something stays approved; conditions that are left out stay."""

    until: date
    conditions: Text | None = None


class AgreementShown(Shown):
    """What a project's people promise before they use a dataset."""

    id: int
    dataset: str
    project: str
    title: str
    text_sha256: str
    until: date


class NewAgreement(Given):
    """An agreement that a project's people have to sign, each on its page."""

    dataset: Slug
    project: Slug
    title: Line
    text: Annotated[Text, Field(min_length=1)]
    until: date


def of_approval(one: Approval) -> ApprovalShown:
    """Return an approval's shape."""
    return ApprovalShown(
        id=one.id,
        project=one.project.slug,
        dataset=one.version.dataset.slug,
        version=one.version.version,
        purpose=one.purpose,
        until=one.until,
        conditions=one.conditions,
        approved_by=one.approved_by_id,
        approved_at=one.approved_at,
        revoked_at=one.revoked_at,
        revoked_reason=one.revoked_reason,
    )


def of_agreement(one: Agreement) -> AgreementShown:
    """Return an agreement's shape."""
    return AgreementShown(
        id=one.pk,
        dataset=one.dataset.slug,
        project=one.project.slug,
        title=one.title,
        text_sha256=one.text_sha256,
        until=one.until,
    )


def with_parts() -> QuerySet[Approval]:
    """Return approvals with all that their shape needs read along."""
    return Approval.objects.select_related("project", "version__dataset").order_by("-approved_at", "id")


@router.get("/approvals", response=Listed[ApprovalShown], auth=READ)
def list_approvals(request: HttpRequest, asked: Annotated[ApprovalsAsked, Query()]) -> HttpResponse:
    """List approvals of the datasets you are steward of; with `all`, every approval."""
    actor = caller.of(request).actor
    found = with_parts()
    if asked.all or not isinstance(actor, Person):
        records.open_for(actor, "datasets")
    else:
        found = found.filter(version__dataset__steward=actor)
    if asked.project is not None:
        found = found.filter(project__slug=asked.project)
    if asked.dataset is not None:
        found = found.filter(version__dataset__slug=asked.dataset)
    return answers.listed(found, asked, of_approval)


@router.get("/projects/{slug}/approvals", response=Listed[ApprovalShown], auth=READ)
def list_of_project(request: HttpRequest, slug: Slug, paging: Pages) -> HttpResponse:
    """List what a project may or might once use, for its members and for those who may read that."""
    project = projects.visible_to(caller.of(request).actor, slug)
    return answers.listed(with_parts().filter(project=project), paging, of_approval)


@router.post("/approvals", response={201: ApprovalShown}, auth=WRITE)
def approve(request: HttpRequest, given: NewApproval) -> HttpResponse:
    """Approve a dataset version for a project, as the dataset's steward."""
    person = caller.of(request).person

    def make() -> HttpResponse:
        approval = approvals.approve(
            by=person,
            project=_asked_of(person, given.project, datasets.find(given.dataset)),
            version=datasets.find_version(given.dataset, given.version),
            purpose=given.purpose,
            until=given.until,
            conditions=given.conditions,
        )
        return answers.made(of_approval(with_parts().get(pk=approval.pk)), row=approval)

    return once(request, make)


@router.patch("/approvals/{id}", response=ApprovalShown, auth=WRITE)
def prolong(request: HttpRequest, id: Id, given: ApprovalGiven, if_match: IfMatch = None) -> HttpResponse:
    """Approve again until another day, from the edition that If-Match names; no session ends by it."""
    person = caller.of(request).person
    approval = _approval(id)
    seen = answers.edition(approval, if_match)
    said = approval.conditions if given.conditions is None else given.conditions
    approvals.prolong(by=person, approval=approval, until=given.until, conditions=said, seen=seen)
    return _shown(id)


@router.post("/approvals/{id}/revoke", response=ApprovalShown, auth=WRITE)
def revoke(request: HttpRequest, id: Id, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Revoke an approval; sessions that have its version end within seconds."""
    person = caller.of(request).person
    approval = _approval(id)
    answers.require_edition(approval, if_match)
    approvals.revoke(by=person, approval=approval, reason=given.reason)
    return _shown(id)


@router.get("/projects/{slug}/agreements", response=Listed[AgreementShown], auth=READ)
def list_agreements(request: HttpRequest, slug: Slug, paging: Pages) -> HttpResponse:
    """List the agreements that a project's people sign."""
    project = projects.visible_to(caller.of(request).actor, slug)
    found = Agreement.objects.filter(project=project).select_related("dataset", "project")
    return answers.listed(found.order_by("title", "pk"), paging, of_agreement)


@router.post("/agreements", response={201: AgreementShown}, auth=WRITE)
def add_agreement(request: HttpRequest, given: NewAgreement) -> HttpResponse:
    """Add an agreement, as the dataset's steward; signing it is each person's own act, on its page."""
    actor: Actor = caller.of(request).actor

    def make() -> HttpResponse:
        agreement = agreements.add(
            by=actor,
            dataset=datasets.find(given.dataset),
            project=_asked_of(actor, given.project, datasets.find(given.dataset)),
            title=given.title,
            text=given.text,
            until=given.until,
        )
        return answers.made(of_agreement(agreement))

    return once(request, make)


def _approval(id: str) -> Approval:
    found = with_parts().filter(pk=id).first()
    if found is None:
        raise NotFound("There is no approval with this id; GET /api/v1/approvals lists yours.")
    return found


def _shown(id: str) -> HttpResponse:
    fresh = with_parts().get(pk=id)
    return answers.shown(of_approval(fresh), row=fresh)


def _asked_of(actor: Actor, slug: str, dataset: Dataset) -> Project:
    """Return the project that data is asked for; its dataset's steward may know of it, others as always."""
    if dataset.steward_id != actor.id:
        return projects.visible_to(actor, slug)
    found = Project.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(visible.NOWHERE)
    return found
