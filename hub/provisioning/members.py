"""Pages on which a lead asks that somebody joins or leaves, and an admin answers in one step."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from hub.affected import Affected
from hub.errors import WrongState
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.projects import member_requests, services, visible
from hub.projects.models import MemberRequest, MemberRole, Membership, Project, Wish, WishState
from hub.provisioning import effects, steps
from hub.provisioning.project_forms import AskForMember, Member, Reason
from hub.provisioning.steps import Change, Values, Wording

ASKED = "The admins are asked; their answer stands on the project’s page."


@login_required
def ask_join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask that somebody joins a project."""
    person = reader(request)
    project = visible.project(to=person, slug=slug)

    def act(values: Values) -> str:
        said = {"email": values["email"], "reason": values["reason"], "role": MemberRole(values["role"])}
        member_requests.ask(by=person, project=project, wish=Wish.JOIN, **said)
        return ASKED

    wording = Wording(
        heading=f"Ask for a member of {project.title}",
        sentence="An admin adds them, or invites them first if they have no account here yet.",
        action="Ask for them",
        back=_page(project),
    )
    form = AskForMember(steps.data(request))
    return steps.at_once(request, form=form, wording=wording, act=act, to=_page(project))


@login_required
def ask_leave(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask that a member leaves a project."""
    person = reader(request)
    project = visible.project(to=person, slug=slug)
    leaving = get_object_or_404(project.memberships.select_related("person"), pk=number).person

    def act(values: Values) -> str:
        member_requests.ask(
            by=person, project=project, wish=Wish.LEAVE, email=leaving.email, reason=values["reason"]
        )
        return ASKED

    wording = Wording(
        heading=f"Ask that {leaving.name} leaves {project.title}",
        sentence="An admin ends the membership; until then nothing changes for them.",
        action="Ask for it",
        back=_page(project),
    )
    form = Reason(steps.data(request))
    return steps.at_once(request, form=form, wording=wording, act=act, to=_page(project))


@login_required
def answer(request: HttpRequest, id: str) -> HttpResponse:
    """Do what a lead asks for; the page says who is affected, and leads to the refusal as well."""
    admin, asked = _asked(request, id)
    if asked.state != WishState.ASKED:
        return redirect("access:project", asked.project.slug)
    person = member_requests.meant(asked)
    if asked.wish == Wish.LEAVE:
        return _leave(request, admin, asked, person)
    if person is None or not person.is_active:
        return _invite_first(request, asked)
    return _join(request, admin, asked, person)


@login_required
def refuse(request: HttpRequest, id: str) -> HttpResponse:
    """Refuse what a lead asks for, with a reason."""
    admin, asked = _asked(request, id)

    def act(values: Values) -> str:
        member_requests.refuse(by=admin, request=asked, reason=values["reason"])
        return f"{asked.asked_by.name} reads why not."

    wording = Wording(
        heading="Refuse what is asked?",
        sentence=f"{_wish(asked)}. The members of {asked.project.title} stay as they are.",
        action="Refuse it",
        back=reverse("provisioning:member_request", args=[asked.pk]),
        danger=True,
    )
    reads = [Affected(asked.asked_by.name, "reads your reason, as the project’s other leads do")]
    form = Reason(steps.data(request))
    return steps.one(request, form=form, wording=wording, affected=lambda: reads, act=act, to=_home())


@login_required
def withdraw(request: HttpRequest, id: str) -> HttpResponse:
    """Take a request back."""
    person = reader(request)
    asked = get_object_or_404(MemberRequest.objects.with_names(), pk=id)
    project = visible.project(to=person, slug=asked.project.slug)

    def act(values: Values) -> str:
        member_requests.withdraw(by=person, request=asked)
        return "It is taken back."

    wording = Wording(
        heading="Take this back?",
        sentence=f"{_wish(asked)}. The admins need not answer it any more.",
        action="Take it back",
        back=_page(project),
        danger=True,
    )
    form = Change(steps.data(request))
    return steps.one(request, form=form, wording=wording, affected=list, act=act, to=_page(project))


def _join(request: HttpRequest, admin: Person, asked: MemberRequest, joining: Person) -> HttpResponse:
    project = asked.project

    def act(values: Values) -> str:
        role, until = MemberRole(values["role"]), values["valid_until"]
        services.add_member(by=admin, project=project, person=joining, role=role, valid_until=until)
        return f"{joining.name} is a member of {project.title}; {asked.asked_by.name} is told."

    wording = _question(asked, f"Add {joining.name} to {project.title}?", f"Add {joining.name}")
    form = Member(steps.data(request), initial={"role": asked.role})
    affected = lambda: effects.of_joining(project, joining)  # noqa: E731 - as its callers write it
    return steps.one(request, form=form, wording=wording, affected=affected, act=act, to=_home())


def _leave(request: HttpRequest, admin: Person, asked: MemberRequest, leaving: Person | None) -> HttpResponse:
    project = asked.project
    held = Membership.objects.filter(project=project, person=leaving, ended_at=None).first()

    def act(values: Values) -> str:
        if held is None:
            raise WrongState(f"{asked.email} is no member of {project.title} any more; refuse the request.")
        services.end_membership(by=admin, membership=held)
        return f"{held.person.name} is no longer a member of {project.title}."

    name = leaving.name if leaving else asked.email
    wording = _question(
        asked, f"End {name}’s membership of {project.title}?", "End the membership", danger=True
    )
    form = Change(steps.data(request))

    def affected() -> list[Affected]:
        return effects.of_leaving(project, leaving) if leaving else []

    return steps.one(request, form=form, wording=wording, affected=affected, act=act, to=_home())


def _invite_first(request: HttpRequest, asked: MemberRequest) -> HttpResponse:
    """Lead to the invitation of somebody who has no account; what is asked waits until they have one."""
    wording = _question(asked, f"Nobody here has the address {asked.email}", "Invite them")

    def act(values: Values) -> str:
        return "Invite them; then answer the request, which waits on your home page."

    to = f"{reverse('provisioning:invite')}?email={asked.email}"
    form = Change(steps.data(request))
    return steps.one(request, form=form, wording=wording, affected=list, act=act, to=to)


def _question(asked: MemberRequest, heading: str, action: str, *, danger: bool = False) -> Wording:
    facts: list[tuple[str, object]] = [
        ("Asked by", f"{asked.asked_by.name}, {asked.asked_at:%-d %b %Y}"),
        ("Because", asked.reason),
    ]
    refusal = reverse("provisioning:refuse_member_request", args=[asked.pk])
    return Wording(
        heading=heading,
        sentence=f"{_wish(asked)}.",
        action=action,
        back=_home(),
        danger=danger,
        facts=facts,
        instead=(refusal, "Refuse it, with a reason"),
    )


def _asked(request: HttpRequest, id: str) -> tuple[Person, MemberRequest]:
    """Return reader and request, for who may answer it; to others it isn't there."""
    person = reader(request)
    asked = get_object_or_404(MemberRequest.objects.with_names(), pk=id)
    visible.project(to=person, slug=asked.project.slug)
    member_requests.may_refuse(by=person, request=asked)
    return person, asked


def _wish(asked: MemberRequest) -> str:
    if asked.wish == Wish.LEAVE:
        return f"{asked.asked_by.name} asks that {asked.email} leaves {asked.project.title}"
    role = MemberRole(asked.role).value.replace("_", " ")
    return f"{asked.asked_by.name} asks for {asked.email} as {role} of {asked.project.title}"


def _page(project: Project) -> str:
    return reverse("access:project", args=[project.slug])


def _home() -> str:
    return reverse("home")
