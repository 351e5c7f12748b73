"""What is done to people: added, given roles and training, suspended, deactivated."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from hub import rows
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.facts import fresh
from hub.people.models import Institution, Person, Role, RoleAssignment, Training
from hub.people.permission import Actor, Permission
from hub.policy import questions

Change = Literal["add", "edit", "suspend", "resume", "assign_role", "end_role"]


def add_institution(*, by: Actor, slug: str, name: str, is_demo: bool = False) -> Institution:
    """Add an institution."""
    allowed = _may(by, change="add", subject=slug)
    if Institution.objects.filter(slug=slug).exists():
        raise WrongState(f"There is already an institution “{slug}”; choose another short name.")
    with transaction.atomic():
        allowed.use()
        institution = Institution.objects.create(slug=slug, name=name, is_demo=is_demo)
        _provisioned(by, institution.id, "institution", slug=slug, name=name)
    return institution


def add(
    *,
    by: Actor,
    email: str,
    name: str,
    institution: Institution,
    password: str | None = None,
    roles: Iterable[Role] = (),
    is_demo: bool = False,
) -> Person:
    """Add a person with a local account; without a password nobody can sign in as them yet."""
    email = Person.objects.normalize_email(email).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(f"“{email}” is not an e-mail address.") from error
    allowed = _may(by, change="add", subject=email)
    with transaction.atomic():
        allowed.use()
        if Person.objects.filter(email=email).exists():
            raise WrongState(f"There is already a person with the address {email}.")
        person = Person(email=email, name=name, institution=institution, is_demo=is_demo)
        person.set_password(password)
        person.save()
        # Second factors can be enrolled with a verified address only; whoever adds a person vouches for it.
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        _provisioned(by, person.id, "person", email=email, name=name, institution=institution.slug)
    for role in roles:
        assign_role(by=by, person=person, role=role)
    return person


def assign_role(*, by: Actor, person: Person, role: Role, valid_until: date | None = None) -> RoleAssignment:
    """Give a role to a person, or a new end to a role they hold."""
    allowed = _may(by, change="assign_role", subject=person.id)
    person = fresh(person)
    with transaction.atomic():
        allowed.use()
        rows.claim(person)
        held, _ = RoleAssignment.objects.update_or_create(
            person=person, role=role.value, defaults={"valid_until": valid_until}
        )
        said = {"role": role.value, "valid_until": _day(valid_until), "held": True}
        entries.append(Kind.ROLE_CHANGED, by=by.id, subject=person.id, facts=said)
    return held


def end_role(*, by: Actor, person: Person, role: Role) -> None:
    """Take a role from a person."""
    allowed = _may(by, change="end_role", subject=person.id)
    person = fresh(person)
    with transaction.atomic():
        allowed.use()
        rows.claim(person)
        if not RoleAssignment.objects.filter(person=person, role=role.value).delete()[0]:
            raise WrongState(f"{person.name} is not {role.label}; there is nothing to take away.")
        said = {"role": role.value, "held": False}
        entries.append(Kind.ROLE_CHANGED, by=by.id, subject=person.id, facts=said)


def record_training(
    *, by: Actor, person: Person, course: str, completed_on: date, valid_until: date
) -> Training:
    """Write down that a person completed a course, and until when it counts."""
    if valid_until < completed_on:
        raise Invalid(f"The training ends on {valid_until}, before it was completed on {completed_on}.")
    allowed = permission.to(
        by,
        subject=person.id,
        ask=lambda asking, at: questions.RecordTraining(person=asking, at=at, subject=person.id),
    )
    person = fresh(person)
    with transaction.atomic():
        allowed.use()
        rows.claim(person)
        training = Training.objects.create(
            person=person, course=course, completed_on=completed_on, valid_until=valid_until
        )
        said = {"course": course, "completed_on": _day(completed_on), "valid_until": _day(valid_until)}
        entries.append(Kind.TRAINING_RECORDED, by=by.id, subject=person.id, facts=said)
    return training


def suspend(*, by: Actor, person: Person, reason: str) -> None:
    """Suspend a person: tokens go at once, a running session within one lease."""
    if not reason.strip():
        raise Invalid("Say why the person is suspended; they will read it.")
    allowed = _may(by, change="suspend", subject=person.id)
    person = fresh(person)
    if person.is_suspended:
        raise WrongState(f"{person.name} is already suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(person, suspended_at=datetime.now(UTC), suspended_reason=reason.strip())
        Token.objects.filter(user=person).delete()
        entries.append(
            Kind.SUSPENDED, by=by.id, subject=person.id, facts={"what": "person", "reason": reason}
        )


def resume(*, by: Actor, person: Person) -> None:
    """End a person's suspension."""
    allowed = _may(by, change="resume", subject=person.id)
    person = fresh(person)
    if not person.is_suspended:
        raise WrongState(f"{person.name} is not suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(person, suspended_at=None, suspended_reason="")
        entries.append(Kind.RESUMED, by=by.id, subject=person.id, facts={"what": "person"})


def deactivate(*, by: Actor, person: Person, reason: str) -> None:
    """Close a person's account: they can't sign in any more, tokens go at once."""
    allowed = _may(by, change="suspend", subject=person.id)
    person = fresh(person)
    if not person.is_active:
        raise WrongState(f"{person.name}’s account is already closed.")
    with transaction.atomic():
        allowed.use()
        rows.claim(person, is_active=False)
        Token.objects.filter(user=person).delete()
        said = {"what": "account", "reason": reason}
        entries.append(Kind.SUSPENDED, by=by.id, subject=person.id, facts=said)


def _may(by: Actor, *, change: Change, subject: str) -> Permission:
    return permission.to(
        by,
        subject=subject,
        ask=lambda asking, at: questions.ManagePeople(person=asking, at=at, subject=subject, change=change),
    )


def _provisioned(by: Actor, subject: str, what: str, **facts: str) -> None:
    entries.append(Kind.PROVISIONED, by=by.id, subject=subject, facts={"what": what, **facts})


def _day(day: date | None) -> str:
    return day.isoformat() if day else "no end"
