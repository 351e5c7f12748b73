"""Pages on which an admin looks after people: invited, described, given roles, suspended, closed."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from hub.affected import Affected
from hub.people import invitations, records, services
from hub.people.models import Invitation, Person, Role
from hub.people.signed_in import login_required, reader
from hub.provisioning import effects, steps
from hub.provisioning.people_forms import About, Course, GiveRole, Invite
from hub.provisioning.project_forms import Reason
from hub.provisioning.steps import Values, Wording


@login_required
def invite(request: HttpRequest) -> HttpResponse:
    """Add somebody and mail them the link that sets their password."""
    admin = reader(request)
    services.may(by=admin, change="add", subject="new")

    def act(values: Values) -> str:
        made = services.add(
            by=admin, email=values["email"], name=values["name"], institution=values["institution"]
        )
        for role in values["roles"]:
            services.assign_role(by=admin, person=made, role=Role(role), valid_until=values["valid_until"])
        invitations.send(by=admin, person=made)
        return f"{made.name} is invited: a link that sets their password is on its way to {made.email}."

    wording = Wording(
        heading="Invite somebody",
        sentence="They get a link by mail that sets their password, once, within seven days.",
        action="Invite",
        back=reverse("people:people"),
    )
    form = Invite(steps.data(request), initial={"email": request.GET.get("email", "")[:254]})
    return steps.at_once(request, form=form, wording=wording, act=act, to=reverse("people:people"))


@login_required
def edit(request: HttpRequest, id: str) -> HttpResponse:
    """Change a person's name or institution."""
    admin, person = _changing(request, id, "edit")
    shown = {"name": person.name, "institution": person.institution_id, "seen": person.row_version}

    def act(values: Values) -> str:
        services.edit(
            by=admin,
            person=person,
            name=values["name"],
            institution=values["institution"],
            seen=values["seen"],
        )
        return f"{values['name']} is changed."

    wording = Wording(
        heading=f"Edit {person.name}",
        sentence="The address stays: whoever could change it could sign in as somebody else. "
        "Somebody with a new address is invited anew.",
        action="Change it",
        back=_page(person),
    )
    form = About(steps.data(request), initial=shown)
    return steps.at_once(request, form=form, wording=wording, act=act, to=_page(person))


@login_required
def give_role(request: HttpRequest, id: str) -> HttpResponse:
    """Give a person a role, or a role they hold another end."""
    admin, person = _changing(request, id, "assign_role")

    def act(values: Values) -> str:
        role = Role(values["role"])
        services.assign_role(by=admin, person=person, role=role, valid_until=values["valid_until"])
        return f"{person.name} is {role.label}{_until(values['valid_until'])}."

    wording = Wording(
        heading=f"Give {person.name} a role",
        sentence="A role holds through its last day (UTC), and acts at once.",
        lead="A role that they hold already gets the new last day.",
        action="Give the role",
        back=_page(person),
    )
    return steps.two(
        request,
        form=GiveRole(steps.data(request)),
        wording=wording,
        affected=lambda values: effects.of_role(
            person, Role(values["role"]), ends=False, until=values["valid_until"]
        ),
        act=act,
        to=_page(person),
    )


@login_required
def end_role(request: HttpRequest, id: str, role: str) -> HttpResponse:
    """Take a role from a person."""
    admin, person = _changing(request, id, "end_role")
    held = Role(get_object_or_404(person.role_assignments, role=role).role)
    return steps.move(
        request,
        person,
        Wording(
            heading=f"End {person.name}’s role as {held.label}?",
            sentence="It ends now. It can be given again later.",
            action="End the role",
            back=_page(person),
            danger=True,
        ),
        affected=lambda: effects.of_role(person, held, ends=True),
        act=lambda values: services.end_role(by=admin, person=person, role=held),
        done=f"{person.name} is no longer {held.label}.",
    )


@login_required
def suspend(request: HttpRequest, id: str) -> HttpResponse:
    """Suspend somebody."""
    admin, person = _changing(request, id, "suspend")
    return steps.move(
        request,
        person,
        Wording(
            heading=f"Suspend {person.name}?",
            sentence="They can’t sign in until the suspension is lifted, and read your reason when they try.",
            action=f"Suspend {person.name}",
            back=_page(person),
            danger=True,
        ),
        affected=lambda: effects.of_stopping_person(person),
        act=lambda values: services.suspend(by=admin, person=person, reason=values["reason"]),
        done=f"{person.name} is suspended; a running session ends within seconds.",
        form=Reason,
    )


@login_required
def resume(request: HttpRequest, id: str) -> HttpResponse:
    """End somebody's suspension."""
    admin, person = _changing(request, id, "resume")
    return steps.move(
        request,
        person,
        Wording(
            heading=f"Lift {person.name}’s suspension?",
            sentence=f"They were suspended because: {person.suspended_reason}",
            action="Lift the suspension",
            back=_page(person),
        ),
        affected=lambda: [Affected(person.name, "may sign in and work again", _page(person))],
        act=lambda values: services.resume(by=admin, person=person),
        done=f"{person.name} may come in again.",
    )


@login_required
def deactivate(request: HttpRequest, id: str) -> HttpResponse:
    """Close somebody's account for good."""
    admin, person = _changing(request, id, "suspend")
    return steps.move(
        request,
        person,
        Wording(
            heading=f"Close {person.name}’s account for good?",
            sentence="They can never sign in with it again. What they did stays on the record.",
            action="Close the account",
            back=_page(person),
            danger=True,
        ),
        affected=lambda: effects.of_stopping_person(person),
        act=lambda values: services.deactivate(by=admin, person=person, reason=values["reason"]),
        done=f"{person.name}’s account is closed.",
        form=Reason,
    )


@login_required
def record_training(request: HttpRequest, id: str) -> HttpResponse:
    """Write down a course that a person completed."""
    admin, person = _found(request, id)
    services.may_record(by=admin, person=person)

    def act(values: Values) -> str:
        given = {name: values[name] for name in ("course", "completed_on", "valid_until")}
        services.record_training(by=admin, person=person, **given)
        return f"“{given['course']}” of {person.name} is recorded."

    wording = Wording(
        heading=f"Training of {person.name}",
        sentence="Sessions and reviews ask for a course that is in date.",
        action="Record it",
        back=_page(person),
    )
    form = Course(steps.data(request))
    return steps.at_once(request, form=form, wording=wording, act=act, to=_page(person))


@login_required
def send_invitation(request: HttpRequest, id: str) -> HttpResponse:
    """Mail a person a new link that sets their password."""
    admin, person = _changing(request, id, "edit")

    def act(values: Values) -> None:
        invitations.send(by=admin, person=person)

    return steps.move(
        request,
        person,
        Wording(
            heading=f"Send {person.name} a link?",
            sentence=f"A link that sets a new password goes to {person.email}, good for seven days.",
            action="Send the link",
            back=_page(person),
        ),
        affected=lambda: _of_link(person),
        act=act,
        done=f"A link is on its way to {person.email}.",
    )


@login_required
def revoke_invitation(request: HttpRequest, id: str, invitation: str) -> HttpResponse:
    """Make a link useless that was sent."""
    admin, person = _changing(request, id, "edit")
    shown = get_object_or_404(Invitation.objects.select_related("person"), pk=invitation, person=person)
    return steps.move(
        request,
        person,
        Wording(
            heading=f"Revoke {person.name}’s invitation?",
            sentence="The link that was mailed stops working. Another can be sent.",
            action="Revoke the invitation",
            back=_page(person),
            danger=True,
        ),
        affected=lambda: [Affected(person.name, "can’t set a password with this link", _page(person))],
        act=lambda values: invitations.revoke(by=admin, invitation=shown),
        done="The invitation is revoked.",
    )


def _found(request: HttpRequest, id: str) -> tuple[Person, Person]:
    admin = reader(request)
    records.open_for(admin, "people")
    return admin, get_object_or_404(Person.objects.with_roles(), pk=id)


def _changing(request: HttpRequest, id: str, change: services.Change) -> tuple[Person, Person]:
    """Return reader and person, for who may make this change."""
    admin, person = _found(request, id)
    services.may(by=admin, change=change, subject=person.id)
    return admin, person


def _of_link(person: Person) -> list[Affected]:
    found = [Affected(person.name, "is signed out everywhere when they use it", _page(person))]
    waiting = person.invitations.filter(accepted_at=None, revoked_at=None).exists()
    return [*found, *([Affected("The link sent before", "stops working now")] if waiting else [])]


def _page(person: Person) -> str:
    return reverse("people:person", args=[person.id])


def _until(day: date | None) -> str:
    return f" until {day:%-d %b %Y}" if day else ""
