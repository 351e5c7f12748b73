"""Pages on which an admin looks after projects: proposed, limited, opened, closed, with members."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hub.affected import Affected
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.projects import services, visible
from hub.projects.models import MemberRole, Membership, Project
from hub.provisioning import effects, steps, words
from hub.provisioning.project_forms import About, Member, Proposal, Reason, Settings
from hub.provisioning.steps import Change, Values, Wording
from hub.workspaces import machine

FOUND = 20


@login_required
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a project."""
    person = reader(request)
    services.may(by=person, project=Project(id="new"), change="add")
    form = Proposal(steps.data(request))

    def act(values: Values) -> str:
        made = services.propose(by=person, **_without(values))
        return f"{made.title} is proposed. Add its members, set what its sessions have, then open it."

    return steps.at_once(
        request,
        form=form,
        wording=Wording(
            heading="New project",
            sentence="A proposal opens nothing: nobody can work in a project before it is opened, "
            "and its data is approved by each dataset’s steward.",
            action="Propose this project",
            back=reverse("access:projects") + "?all=1",
        ),
        act=act,
        to=reverse("access:project", args=[form.data.get("slug")]) if _is_slug(form) else "/projects/?all=1",
    )


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what a project is about, and its days."""
    person, project = _changing(request, slug, "edit")
    names = ("title", "purpose", "opens_on", "closes_on", "summary")
    shown = {name: getattr(project, name) for name in names}
    shown |= {"purpose": project.purpose.replace("_", " "), "seen": project.row_version}
    form = About(steps.data(request), initial=shown)

    def affected(values: Values) -> list[Affected]:
        dates = {name: values[name] for name in ("purpose", "opens_on", "closes_on")}
        return effects.of_editing(project, **dates)

    def act(values: Values) -> str:
        services.edit(by=person, project=project, seen=values["seen"], **_without(values))
        return "The project is changed."

    wording = Wording(
        heading=f"Edit {project.title}",
        sentence="The change acts within 5 seconds.",
        lead="A new purpose ends every approval that was given for the old one.",
        action="Change the project",
        back=_page(project),
    )
    return steps.two(
        request,
        form=form,
        wording=wording,
        affected=affected,
        act=act,
        to=_page(project),
        told=lambda values: words.edited(project, values),
    )


@login_required
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what a session of the project has."""
    person, project = _changing(request, slug, "edit")
    there = machine.gpus()
    form = Settings(steps.data(request), initial=Settings.of(project), machine_gpus=there)

    def affected(values: Values) -> list[Affected]:
        wanted = form.limits()
        return effects.of_limits(project, {name for name in wanted if getattr(project, name) != wanted[name]})

    def act(values: Values) -> str:
        machine.require(gpus=form.limits()["gpus"])
        services.set_limits(by=person, project=project, values=form.limits(), seen=values["seen"])
        return "The settings are changed."

    wording = Wording(
        heading=f"Workspaces of {project.title}",
        sentence="Limits of memory, processors, disk and time are those of a session’s start.",
        lead=f"What each member’s session has. {_gpus(there)} Who reviews what it hands in is set "
        "on a page of its own.",
        action="Change the settings",
        back=_page(project),
    )
    return steps.two(
        request,
        form=form,
        wording=wording,
        affected=affected,
        act=act,
        to=_page(project),
        told=lambda values: words.limited(project, form.limits()),
    )


@login_required
def open(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a proposed project."""
    person, project = _changing(request, slug, "open")
    return steps.move(
        request,
        project,
        Wording(
            heading=f"Open {project.title}?",
            sentence=f"From {project.opens_on:%-d %b %Y} to {project.closes_on:%-d %b %Y} its members may "
            "start sessions on the data that is approved for it.",
            action="Open the project",
            back=_page(project),
        ),
        affected=lambda: effects.of_opening(project),
        act=lambda values: services.open(by=person, project=project),
        done=f"{project.title} is open.",
    )


@login_required
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """Close a project for good."""
    person, project = _changing(request, slug, "close")
    return steps.move(
        request,
        project,
        Wording(
            heading=f"Close {project.title} for good?",
            sentence="A closed project never opens again. Homes are kept, releases stay released.",
            action="Close the project",
            back=_page(project),
            danger=True,
        ),
        affected=lambda: effects.of_stopping_project(project),
        act=lambda values: services.close(by=person, project=project),
        done=f"{project.title} is closed; its sessions end within seconds.",
    )


@login_required
def suspend(request: HttpRequest, slug: str) -> HttpResponse:
    """Suspend a project."""
    person, project = _changing(request, slug, "suspend")
    return steps.move(
        request,
        project,
        Wording(
            heading=f"Suspend {project.title}?",
            sentence="Nobody can work in it until the suspension is lifted.",
            action="Suspend the project",
            back=_page(project),
            danger=True,
        ),
        affected=lambda: effects.of_stopping_project(project),
        act=lambda values: services.suspend(by=person, project=project, reason=values["reason"]),
        done=f"{project.title} is suspended; its sessions end within seconds.",
        form=Reason,
    )


@login_required
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """End a project's suspension."""
    person, project = _changing(request, slug, "resume")
    return steps.move(
        request,
        project,
        Wording(
            heading=f"Lift the suspension of {project.title}?",
            sentence=f"It is suspended because: {project.suspended_reason}",
            action="Lift the suspension",
            back=_page(project),
        ),
        affected=lambda: effects.of_resuming_project(project),
        act=lambda values: services.resume(by=person, project=project),
        done=f"Work in {project.title} may go on.",
    )


@login_required
@require_GET
def find_member(request: HttpRequest, slug: str) -> HttpResponse:
    """Search the people who could join a project, by name or mail."""
    _, project = _changing(request, slug, "edit")
    asked = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found: list[Person] = []
    if asked:
        people = Person.objects.with_roles().filter(is_active=True, suspended_at=None)
        people = people.filter(Q(name__icontains=asked) | Q(email__icontains=asked))
        current = project.memberships.filter(ended_at=None).values("person")
        found = list(people.exclude(pk__in=current)[: FOUND + 1])
    context = {"project": project, "q": asked, "found": found[:FOUND], "more": len(found) > FOUND}
    return render(request, "provisioning/find_member.html", context)


@login_required
def add_member(request: HttpRequest, slug: str, id: str) -> HttpResponse:
    """Make somebody a member of a project."""
    person, project = _changing(request, slug, "edit")
    joining = get_object_or_404(Person.objects.with_roles(), pk=id)

    def act(values: Values) -> str:
        services.add_member(
            by=person,
            project=project,
            person=joining,
            role=MemberRole(values["role"]),
            valid_until=values["valid_until"],
        )
        return f"{joining.name} is a member of {project.title}."

    wording = Wording(
        heading=f"Add {joining.name} to {project.title}",
        sentence=f"{joining.name} will read the project’s pages and, once it is open, work on its data.",
        lead=f"{joining.institution.name}, {joining.email}",
        action=f"Add {joining.name}",
        back=_page(project),
    )
    return steps.two(
        request,
        form=Member(steps.data(request)),
        wording=wording,
        affected=lambda values: effects.of_joining(project, joining),
        act=act,
        to=_page(project),
    )


@login_required
def change_member(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Change a member's role or last day."""
    person, project = _changing(request, slug, "edit")
    membership = get_object_or_404(project.memberships.select_related("person"), pk=number)
    shown = {
        "role": membership.role,
        "valid_until": membership.valid_until,
        "seen": membership.row_version,
    }

    def act(values: Values) -> str:
        services.change_membership(
            by=person,
            membership=membership,
            role=MemberRole(values["role"]),
            valid_until=values["valid_until"],
            seen=values["seen"],
        )
        return f"{membership.person.name}’s part in {project.title} is changed."

    name = membership.person.name
    wording = Wording(
        heading=f"{name} in {project.title}",
        sentence="A membership holds through its last day (UTC); a session ends with it.",
        action="Change it",
        back=_page(project),
    )
    return steps.two(
        request,
        form=Member(steps.data(request), initial=shown),
        wording=wording,
        affected=lambda values: _of_part(membership, values),
        act=act,
        to=_page(project),
    )


@login_required
def end_member(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End somebody's membership."""
    person, project = _changing(request, slug, "edit")
    membership = get_object_or_404(project.memberships.select_related("person"), pk=number)
    name = membership.person.name
    return steps.move(
        request,
        project,
        Wording(
            heading=f"End {name}’s membership?",
            sentence=f"{name} leaves {project.title} now. They can be added again later.",
            action="End the membership",
            back=_page(project),
            danger=True,
        ),
        affected=lambda: effects.of_leaving(project, membership.person),
        act=lambda values: services.end_membership(by=person, membership=membership),
        done=f"{name} is no longer a member; a session ends within seconds.",
    )


def _changing(request: HttpRequest, slug: str, change: services.Change) -> tuple[Person, Project]:
    """Return reader and project, for who may make this change; to others the project isn't there."""
    person = reader(request)
    project = visible.project(to=person, slug=slug)
    services.may(by=person, project=project, change=change)
    return person, project


def _of_part(membership: Membership, values: Values) -> list[Affected]:
    until = values["valid_until"]
    last = f"until {until:%-d %b %Y}" if until else "for as long as the project lasts"
    role = values["role"].replace("_", " ")
    url = reverse("people:person", args=[membership.person_id])
    return [Affected(membership.person.name, f"is {role} in the project, {last}", url)]


def _gpus(there: int | None) -> str:
    if there is None:
        return "Whether there is a GPU can’t be told: the engine does not answer."
    if not there:
        return "There is no GPU that sessions could be given."
    return f"The machine has {there} GPU{'s' if there != 1 else ''}."


def _page(project: Project) -> str:
    return reverse("access:project", args=[project.slug])


def _is_slug(form: Change) -> bool:
    return form.is_bound and services.SLUG.match(str(form.data.get("slug", ""))) is not None


def _without(values: Values) -> Values:
    return {name: value for name, value in values.items() if name not in ("confirmed", "seen")}
