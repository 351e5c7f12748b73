"""Projects, their members and limits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Pages, Paging, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import people
from hub.api.v1.people import Because
from hub.api.words import Id, Line, Search, Slug, Text
from hub.errors import NotFound
from hub.people import records
from hub.people.models import Person
from hub.people.permission import Actor
from hub.projects import services, visible
from hub.projects.models import MemberRole, Membership, Project, ProjectState
from hub.workspaces import machine

router = Router(tags=["projects"])
READ, WRITE, MEMBERS = (
    Bearer(Scope.PROJECTS_READ),
    Bearer(Scope.PROJECTS_WRITE),
    Bearer(Scope.MEMBERS_WRITE),
)


class Limits(Shown):
    """What a session in a project may use."""

    memory_bytes: int
    cpus: float
    gpus: int
    pids: int
    home_bytes: int
    budget_bytes_per_day: int
    idle_seconds: int
    session_seconds: int


class LimitsGiven(Given):
    """Limits that differ from the enclave's own."""

    memory_bytes: int | None = Field(default=None, ge=1, le=2**50)
    cpus: float | None = Field(default=None, gt=0, le=1024)
    gpus: int | None = Field(default=None, ge=0, le=16, description="Refused where the machine has fewer.")
    pids: int | None = Field(default=None, ge=1, le=2**22)
    home_bytes: int | None = Field(default=None, ge=1, le=2**50)
    budget_bytes_per_day: int | None = Field(default=None, ge=0, le=2**50)
    idle_seconds: int | None = Field(default=None, ge=1, le=10**7)
    session_seconds: int | None = Field(default=None, ge=1, le=10**7)


class ProjectShown(Shown):
    """A piece of research with one purpose, between two dates, under limits."""

    id: str
    slug: str
    title: str
    summary: str
    purpose: str
    state: ProjectState
    opens_on: date
    closes_on: date
    suspended_at: datetime | None
    suspended_reason: str
    limits: Limits
    image: str


class NewProject(Given):
    """A project to be proposed; nobody works in it before it is opened."""

    slug: Annotated[Slug, Field(max_length=30)]
    title: Line
    summary: Text = ""
    purpose: Annotated[Line, Field(max_length=60)]
    opens_on: date
    closes_on: date
    limits: LimitsGiven = LimitsGiven()


class ProjectGiven(Given):
    """What may change about a project; what is left out stays."""

    title: Line | None = None
    summary: Text | None = None
    purpose: Annotated[Line, Field(max_length=60)] | None = None
    opens_on: date | None = None
    closes_on: date | None = None


class SettingsGiven(LimitsGiven):
    """Limits and image that sessions get from now on; those that run keep theirs."""

    image: Annotated[Line, Field(max_length=61)] | None = None


class ProjectsAsked(Paging):
    """Which projects: one's own, or every project for those who may read that."""

    all: bool = False
    q: Search = ""
    state: ProjectState | None = None


class MemberShown(Shown):
    """A person's part in a project."""

    person: str
    email: str
    name: str
    role: MemberRole
    valid_until: date | None
    ended_at: datetime | None


class MemberGiven(Given):
    """Another part in a project, or another last day."""

    role: MemberRole
    valid_until: date | None = None


class NewMember(Given):
    """Somebody to be made a member."""

    person: Id
    role: MemberRole = MemberRole.RESEARCHER
    valid_until: date | None = None


def of_project(one: Project) -> ProjectShown:
    """Return a project's shape."""
    return ProjectShown(
        id=one.id,
        slug=one.slug,
        title=one.title,
        summary=one.summary,
        purpose=one.purpose,
        state=ProjectState(one.state),
        opens_on=one.opens_on,
        closes_on=one.closes_on,
        suspended_at=one.suspended_at,
        suspended_reason=one.suspended_reason,
        limits=Limits(**{name: getattr(one, name) for name in Limits.model_fields}),
        image=one.image,
    )


def of_member(one: Membership) -> MemberShown:
    """Return a membership's shape."""
    return MemberShown(
        person=one.person_id,
        email=one.person.email,
        name=one.person.name,
        role=MemberRole(one.role),
        valid_until=one.valid_until,
        ended_at=one.ended_at,
    )


def visible_to(actor: Actor, slug: str) -> Project:
    """Return a project to who may know of it; to others it isn't there."""
    if isinstance(actor, Person):
        return visible.project(to=actor, slug=slug)
    found = Project.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(visible.NOWHERE)
    return found


def show(project: Project) -> HttpResponse:
    """Answer with a project as it is now."""
    project.refresh_from_db()
    return answers.shown(of_project(project), row=project)


@router.get("/projects", response=Listed[ProjectShown], auth=READ)
def list_projects(request: HttpRequest, asked: Annotated[ProjectsAsked, Query()]) -> HttpResponse:
    """List the projects you are in; with `all`, every project."""
    actor = caller.of(request).actor
    found: QuerySet[Project] = Project.objects.order_by("title", "id")
    if asked.all or not isinstance(actor, Person):
        records.open_for(actor, "projects")
    else:
        mine = Membership.objects.current(datetime.now(UTC).date()).filter(person=actor)
        found = found.filter(pk__in=mine.values("project_id"))
    if asked.q:
        found = found.filter(title__icontains=asked.q)
    if asked.state is not None:
        found = found.filter(state=asked.state.value)
    return answers.listed(found, asked, of_project)


@router.post("/projects", response={201: ProjectShown}, auth=WRITE)
def propose(request: HttpRequest, given: NewProject) -> HttpResponse:
    """Propose a project."""
    actor = caller.of(request).actor

    def make() -> HttpResponse:
        if given.limits.gpus:
            # Who may propose nothing is not told what the machine has.
            services.may(by=actor, project=Project(id="new"), change="add")
            machine.require(gpus=given.limits.gpus)
        project = services.propose(
            by=actor,
            slug=given.slug,
            title=given.title,
            summary=given.summary,
            purpose=given.purpose,
            opens_on=given.opens_on,
            closes_on=given.closes_on,
            limits=given.limits.model_dump(exclude_none=True),
        )
        return answers.made(of_project(project), row=project)

    return once(request, make)


@router.get("/projects/{slug}", response=ProjectShown, auth=READ)
def get_project(request: HttpRequest, slug: Slug) -> HttpResponse:
    """Show a project."""
    return show(visible_to(caller.of(request).actor, slug))


@router.patch("/projects/{slug}", response=ProjectShown, auth=WRITE)
def edit_project(
    request: HttpRequest, slug: Slug, given: ProjectGiven, if_match: IfMatch = None
) -> HttpResponse:
    """Change what a project is about, from the edition that If-Match names."""
    actor = caller.of(request).actor
    project = visible_to(actor, slug)
    said = given.model_dump(exclude_none=True)
    services.edit(
        by=actor,
        project=project,
        seen=answers.edition(project, if_match),
        **{name: said.get(name, getattr(project, name)) for name in ProjectGiven.model_fields},
    )
    return show(project)


@router.patch("/projects/{slug}/settings", response=ProjectShown, auth=WRITE)
def edit_settings(
    request: HttpRequest, slug: Slug, given: SettingsGiven, if_match: IfMatch = None
) -> HttpResponse:
    """Change limits and image of a project's later sessions, from the edition that If-Match names."""
    actor = caller.of(request).actor
    project = visible_to(actor, slug)
    if given.gpus:
        services.may(by=actor, project=project, change="edit")
        machine.require(gpus=given.gpus)
    services.set_limits(
        by=actor,
        project=project,
        values=given.model_dump(exclude_none=True),
        seen=answers.edition(project, if_match),
    )
    return show(project)


@router.post("/projects/{slug}/open", response=ProjectShown, auth=WRITE)
def open_project(request: HttpRequest, slug: Slug, if_match: IfMatch = None) -> HttpResponse:
    """Open a proposed project."""
    actor = caller.of(request).actor
    project = visible_to(actor, slug)
    answers.require_edition(project, if_match)
    services.open(by=actor, project=project)
    return show(project)


@router.post("/projects/{slug}/close", response=ProjectShown, auth=WRITE)
def close_project(request: HttpRequest, slug: Slug, if_match: IfMatch = None) -> HttpResponse:
    """Close a project for good; its sessions end within seconds."""
    actor = caller.of(request).actor
    project = visible_to(actor, slug)
    answers.require_edition(project, if_match)
    services.close(by=actor, project=project)
    return show(project)


@router.post("/projects/{slug}/suspend", response=ProjectShown, auth=WRITE)
def suspend(request: HttpRequest, slug: Slug, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Suspend a project; its sessions end within seconds."""
    actor = caller.of(request).actor
    project = visible_to(actor, slug)
    answers.require_edition(project, if_match)
    services.suspend(by=actor, project=project, reason=given.reason)
    return show(project)


@router.post("/projects/{slug}/resume", response=ProjectShown, auth=WRITE)
def resume(request: HttpRequest, slug: Slug, if_match: IfMatch = None) -> HttpResponse:
    """End a project's suspension."""
    actor = caller.of(request).actor
    project = visible_to(actor, slug)
    answers.require_edition(project, if_match)
    services.resume(by=actor, project=project)
    return show(project)


@router.get("/projects/{slug}/members", response=Listed[MemberShown], auth=READ)
def list_members(request: HttpRequest, slug: Slug, paging: Pages) -> HttpResponse:
    """List a project's members, those who left last."""
    project = visible_to(caller.of(request).actor, slug)
    found = Membership.objects.filter(project=project).select_related("person")
    return answers.listed(found.order_by("ended_at", "person__name", "pk"), paging, of_member)


@router.post("/projects/{slug}/members", response={201: MemberShown}, auth=MEMBERS)
def add_member(request: HttpRequest, slug: Slug, given: NewMember) -> HttpResponse:
    """Make a person a member of a project."""
    actor = caller.of(request).actor

    def make() -> HttpResponse:
        project = visible_to(actor, slug)
        membership = services.add_member(
            by=actor,
            project=project,
            person=people.find(given.person),
            role=given.role,
            valid_until=given.valid_until,
        )
        return answers.made(of_member(membership))

    return once(request, make)


@router.patch("/projects/{slug}/members/{person}", response=MemberShown, auth=MEMBERS)
def change_membership(request: HttpRequest, slug: Slug, person: Id, given: MemberGiven) -> HttpResponse:
    """Give a member another part in a project, or another last day."""
    actor = caller.of(request).actor
    membership = _membership(visible_to(actor, slug), person)
    services.change_membership(
        by=actor, membership=membership, role=given.role, valid_until=given.valid_until
    )
    membership.refresh_from_db()
    return answers.shown(of_member(membership))


@router.delete("/projects/{slug}/members/{person}", response=MemberShown, auth=MEMBERS)
def end_membership(request: HttpRequest, slug: Slug, person: Id) -> HttpResponse:
    """End a person's membership; their session in the project ends within seconds."""
    actor = caller.of(request).actor
    membership = _membership(visible_to(actor, slug), person)
    services.end_membership(by=actor, membership=membership)
    membership.refresh_from_db()
    return answers.shown(of_member(membership))


def _membership(project: Project, person: str) -> Membership:
    """Return the membership that somebody has in a project now."""
    found = Membership.objects.filter(project=project, person=person, ended_at=None)
    membership = found.select_related("person", "project").first()
    if membership is None:
        raise NotFound(f"Nobody with this id is a member of {project.title} now.")
    return membership
