"""Datasets and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field, StringConstraints

from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Pages, Paging, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import people
from hub.api.v1.people import Because
from hub.api.words import Id, Line, Search, Slug, Text
from hub.datasets import services, stewards
from hub.datasets.models import Dataset, DatasetVersion, VersionState
from hub.errors import NotFound

router = Router(tags=["datasets"])
READ, WRITE = Bearer(Scope.DATASETS_READ), Bearer(Scope.DATASETS_WRITE)
VersionName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]


class DatasetShown(Shown):
    """A collection of recordings with one steward, licence and tier."""

    id: str
    slug: str
    title: str
    description: str
    institution: str
    steward: str
    tier: int
    licence: str
    attribution: str
    suspended_at: datetime | None
    suspended_reason: str


class DatasetsAsked(Paging):
    """Which datasets."""

    q: Search = ""
    tier: int | None = Field(None, ge=0, le=4)


class VersionShown(Shown):
    """One frozen state of a dataset."""

    id: str
    version: str
    state: VersionState
    manifest_sha256: str
    recordings: int
    speakers: int
    seconds: float
    languages: list[str]
    registered_at: datetime
    registered_by: str


class NewDataset(Given):
    """A dataset to be added, as yet without a version."""

    slug: Slug
    title: Line
    description: Text = ""
    institution: Slug
    steward: Id
    tier: int = Field(ge=0, le=4)
    licence: Line
    attribution: Text


class DatasetGiven(Given):
    """What may change about a dataset; what is left out stays. Never the tier; the steward hands it over."""

    title: Line | None = None
    description: Text | None = None
    licence: Line | None = None
    attribution: Text | None = None


class Successor(Given):
    """Who answers for a dataset from now on: another data steward of its institution, by address."""

    steward: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^\S+@\S+$")]


class NewVersion(Given):
    """A version to be registered from the folder of its name."""

    version: VersionName


def of_dataset(one: Dataset) -> DatasetShown:
    """Return a dataset's shape."""
    return DatasetShown(
        id=one.id,
        slug=one.slug,
        title=one.title,
        description=one.description,
        institution=one.institution.slug,
        steward=one.steward_id,
        tier=one.tier,
        licence=one.licence,
        attribution=one.attribution,
        suspended_at=one.suspended_at,
        suspended_reason=one.suspended_reason,
    )


def of_version(one: DatasetVersion) -> VersionShown:
    """Return a version's shape."""
    return VersionShown(
        id=one.id,
        version=one.version,
        state=VersionState(one.state),
        manifest_sha256=one.manifest_sha256,
        recordings=one.recordings,
        speakers=one.speakers,
        seconds=one.seconds,
        languages=[str(language) for language in one.languages],
        registered_at=one.registered_at,
        registered_by=one.registered_by_id,
    )


def find(slug: str) -> Dataset:
    """Return a dataset by its short name."""
    found = Dataset.objects.select_related("institution", "steward").filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no dataset “{slug}”; GET /api/v1/datasets lists them.")
    return found


def find_version(slug: str, version: str) -> DatasetVersion:
    """Return a version by its dataset's and its own name."""
    found = DatasetVersion.objects.select_related("dataset__steward")
    row = found.filter(dataset__slug=slug, version=version).first()
    if row is None:
        raise NotFound(f"There is no version {version} of a dataset “{slug}”.")
    return row


def show(slug: str) -> HttpResponse:
    """Answer with a dataset as it is now."""
    dataset = find(slug)
    return answers.shown(of_dataset(dataset), row=dataset)


@router.get("/datasets", response=Listed[DatasetShown], auth=READ)
def list_datasets(request: HttpRequest, asked: Annotated[DatasetsAsked, Query()]) -> HttpResponse:
    """List every dataset; that one exists is no secret in here."""
    found = Dataset.objects.select_related("institution").order_by("title", "id")
    if asked.q:
        found = found.filter(Q(title__icontains=asked.q) | Q(description__icontains=asked.q))
    if asked.tier is not None:
        found = found.filter(tier=asked.tier)
    return answers.listed(found, asked, of_dataset)


@router.post("/datasets", response={201: DatasetShown}, auth=WRITE)
def add_dataset(request: HttpRequest, given: NewDataset) -> HttpResponse:
    """Add a dataset, as its steward."""
    actor = caller.of(request).actor

    def make() -> HttpResponse:
        dataset = services.add(
            by=actor,
            slug=given.slug,
            title=given.title,
            description=given.description,
            institution=people.institution_of(given.institution),
            steward=people.find(given.steward),
            tier=given.tier,
            licence=given.licence,
            attribution=given.attribution,
        )
        return answers.made(of_dataset(dataset), row=dataset)

    return once(request, make)


@router.get("/datasets/{slug}", response=DatasetShown, auth=READ)
def get_dataset(request: HttpRequest, slug: Slug) -> HttpResponse:
    """Show a dataset."""
    return show(slug)


@router.patch("/datasets/{slug}", response=DatasetShown, auth=WRITE)
def edit_dataset(
    request: HttpRequest, slug: Slug, given: DatasetGiven, if_match: IfMatch = None
) -> HttpResponse:
    """Change what is said about a dataset, from the edition that If-Match names."""
    dataset = find(slug)
    said = given.model_dump(exclude_none=True)
    services.edit(
        by=caller.of(request).actor,
        dataset=dataset,
        row_version=answers.edition(dataset, if_match),
        **{name: said.get(name, getattr(dataset, name)) for name in DatasetGiven.model_fields},
    )
    return show(slug)


@router.post("/datasets/{slug}/hand-over", response=DatasetShown, auth=WRITE)
def hand_over(request: HttpRequest, slug: Slug, given: Successor, if_match: IfMatch = None) -> HttpResponse:
    """Hand a dataset over: its requests, approvals and words are the new steward's from now on."""
    dataset = find(slug)
    seen = answers.edition(dataset, if_match)
    to = stewards.candidates(dataset).filter(email__iexact=given.steward).first()
    if to is None:
        where = dataset.institution.name
        raise NotFound(f"No other data steward of {where} has the address {given.steward}.")
    stewards.hand_over(by=caller.of(request).person, dataset=dataset, to=to, seen=seen)
    return show(slug)


@router.get("/datasets/{slug}/versions", response=Listed[VersionShown], auth=READ)
def list_versions(request: HttpRequest, slug: Slug, paging: Pages) -> HttpResponse:
    """List a dataset's versions, the newest first."""
    found = DatasetVersion.objects.filter(dataset=find(slug))
    return answers.listed(found.order_by("-registered_at", "id"), paging, of_version)


@router.post("/datasets/{slug}/versions", response={201: VersionShown}, auth=WRITE)
def register(request: HttpRequest, slug: Slug, given: NewVersion) -> HttpResponse:
    """Register the files in the dataset's folder as a version, which from then on never changes."""
    actor = caller.of(request).actor
    return once(
        request,
        lambda: answers.made(
            of_version(services.register(by=actor, dataset=find(slug), version=given.version))
        ),
    )


@router.post("/datasets/{slug}/versions/{version}/deprecate", response=VersionShown, auth=WRITE)
def deprecate(request: HttpRequest, slug: Slug, version: VersionName) -> HttpResponse:
    """Mark a version as one that is no longer newly approved."""
    found = find_version(slug, version)
    services.deprecate(by=caller.of(request).actor, version=found)
    return answers.shown(of_version(find_version(slug, version)))


@router.post("/datasets/{slug}/suspend", response=DatasetShown, auth=WRITE)
def suspend(request: HttpRequest, slug: Slug, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Suspend a dataset; sessions that have it end within seconds."""
    dataset = find(slug)
    answers.require_edition(dataset, if_match)
    services.suspend(by=caller.of(request).actor, dataset=dataset, reason=given.reason)
    return show(slug)


@router.post("/datasets/{slug}/resume", response=DatasetShown, auth=WRITE)
def resume(request: HttpRequest, slug: Slug, if_match: IfMatch = None) -> HttpResponse:
    """End a dataset's suspension."""
    dataset = find(slug)
    answers.require_edition(dataset, if_match)
    services.resume(by=caller.of(request).actor, dataset=dataset)
    return show(slug)
