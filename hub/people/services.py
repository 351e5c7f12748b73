"""What is done to people: added, given roles and training, suspended, deactivated."""

from __future__ import annotations

import re
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
from hub.people import facts, permission
from hub.people.facts import fresh
from hub.people.models import Institution, Person, Role, RoleAssignment, Training
from hub.people.permission import Actor, Permission
from hub.policy import questions

Change = Literal["add", "edit", "suspend", "resume", "assign_role", "end_role"]

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\Z")


def add_institution(*, by: Actor, slug: str, name: str, is_demo: bool = False) -> Institution:
    """Add an institution."""
    if not SLUG.match(slug):
        raise Invalid(
            f"“{slug[:60]}” can’t be an institution’s short name; use up to 60 of a–z, 0–9 and hyphens."
        )
    allowed = may(by=by, change="add", subject=slug)
    if Institution.objects.filter(slug=slug).exists():
        raise WrongState(f"There is already an institution “{slug}”; choose another short name.")
    with transaction.atomic():
        allowed.use()
        institution = Institution.objects.create(slug=slug, name=name, is_demo=is_demo)
        _provisioned(by, institution.id, "institution", slug=slug, name=name)
    return institution


def rename_institution(*, by: Actor, institution: Institution, name: str) -> None:
    """Give an institution another name; its short name stays."""
    if not name.strip():
        raise Invalid("An institution needs a name.")
    allowed = may(by=by, change="edit", subject=institution.id)
    with transaction.atomic():
        allowed.use()
        Institution.objects.filter(pk=institution.pk).update(name=name.strip())
        _provisioned(by, institution.id, "institution", name=name.strip())


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
    # One line: names stand in mails and tables, where a second line could say something in our name.
    name = " ".join(name.split())
    if not name:
        raise Invalid("A person needs a name.")
    email = Person.objects.normalize_email(email).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(f"“{email}” is not an e-mail address.") from error
    person = Person(email=email, name=name, institution=institution, is_demo=is_demo)
    person.set_password(password)
    allowed = may(by=by, change="add", subject=email)
    # Asked before anything is written: whoever may not give a role adds nobody.
    given = [(role, may(by=by, change="assign_role", subject=person.id)) for role in dict.fromkeys(roles)]
    with transaction.atomic():
        allowed.use()
        if Person.objects.filter(email=email).exists():
            raise WrongState(f"There is already a person with the address {email}.")
        person.save(force_insert=True)
        # Second factors can be enrolled with a verified address only; whoever adds a person vouches for it.
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        _provisioned(by, person.id, "person", email=email, name=name, institution=institution.slug)
        for role, right in given:
            right.use()
            _hold(by, person, role, None)
    return person


def edit(*, by: Actor, person: Person, name: str, institution: Institution, seen: int | None = None) -> None:
    """Change a person's name or institution; never the address, which is what they prove to be."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("A person needs a name.")
    allowed = may(by=by, change="edit", subject=person.id)
    person = fresh(person)
    rows.expect(person, seen)
    with transaction.atomic():
        allowed.use()
        rows.claim(person, name=name, institution_id=institution.pk)
        _provisioned(by, person.id, "person", name=name, institution=institution.slug)


def assign_role(*, by: Actor, person: Person, role: Role, valid_until: date | None = None) -> RoleAssignment:
    """Give a role to a person, or a new end to a role they hold."""
    allowed = may(by=by, change="assign_role", subject=person.id)
    person = fresh(person)
    with transaction.atomic():
        allowed.use()
        return _hold(by, person, role, valid_until)


def end_role(*, by: Actor, person: Person, role: Role) -> None:
    """Take a role from a person."""
    allowed = may(by=by, change="end_role", subject=person.id)
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
    if not course.strip():
        raise Invalid("Name the course that was completed.")
    if valid_until < completed_on:
        raise Invalid(f"The training ends on {valid_until}, before it was completed on {completed_on}.")
    allowed = may_record(by=by, person=person)
    person = fresh(person)
    with transaction.atomic():
        allowed.use()
        rows.claim(person)
        return write_training(
            by=by, person=person, course=course, completed_on=completed_on, valid_until=valid_until
        )


def write_training(
    *, by: Actor, person: Person, course: str, completed_on: date, valid_until: date
) -> Training:
    """Write a training and its entry, inside the transaction of somebody who has the permission."""
    training = Training.objects.create(
        person=person, course=course.strip(), completed_on=completed_on, valid_until=valid_until
    )
    said = {"course": course.strip(), "completed_on": _day(completed_on), "valid_until": _day(valid_until)}
    entries.append(Kind.TRAINING_RECORDED, by=by.id, subject=person.id, facts=said)
    return training


def recording(by: Person, person: Person) -> questions.RecordTraining:
    """Ask whether somebody may record a person's training."""
    return questions.RecordTraining(person=facts.of(by), at=datetime.now(UTC), subject=person.id)


def may_record_any(*, by: Actor) -> Permission:
    """Return the permission to record training at all, before it is said whose."""
    return permission.to(
        by,
        subject="training",
        ask=lambda asking, at: questions.RecordTraining(person=asking, at=at, subject="training"),
    )


def may_record(*, by: Actor, person: Person) -> Permission:
    """Return the permission to record a person's training."""
    return permission.to(
        by,
        subject=person.id,
        ask=lambda asking, at: questions.RecordTraining(person=asking, at=at, subject=person.id),
    )


def suspend(*, by: Actor, person: Person, reason: str) -> None:
    """Suspend a person: tokens go at once, a running session within one lease."""
    if not reason.strip():
        raise Invalid("Say why the person is suspended; they will read it.")
    allowed = may(by=by, change="suspend", subject=person.id)
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
    allowed = may(by=by, change="resume", subject=person.id)
    person = fresh(person)
    if not person.is_suspended:
        raise WrongState(f"{person.name} is not suspended.")
    with transaction.atomic():
        allowed.use()
        rows.claim(person, suspended_at=None, suspended_reason="")
        entries.append(Kind.RESUMED, by=by.id, subject=person.id, facts={"what": "person"})


def deactivate(*, by: Actor, person: Person, reason: str) -> None:
    """Close a person's account: they can't sign in any more, tokens go at once."""
    if not reason.strip():
        raise Invalid("Say why the account is closed; it stays on the record.")
    allowed = may(by=by, change="suspend", subject=person.id)
    person = fresh(person)
    if not person.is_active:
        raise WrongState(f"{person.name}’s account is already closed.")
    with transaction.atomic():
        allowed.use()
        rows.claim(person, is_active=False)
        Token.objects.filter(user=person).delete()
        said = {"what": "account", "reason": reason}
        entries.append(Kind.SUSPENDED, by=by.id, subject=person.id, facts=said)


def may(*, by: Actor, change: Change, subject: str) -> Permission:
    """Return the permission to change a person, a person’s roles or an institution."""
    return permission.to(
        by,
        subject=subject,
        ask=lambda asking, at: questions.ManagePeople(person=asking, at=at, subject=subject, change=change),
    )


def _hold(by: Actor, person: Person, role: Role, valid_until: date | None) -> RoleAssignment:
    """Write down that a person holds a role, inside the transaction of who may give it."""
    rows.claim(person)
    held, _ = RoleAssignment.objects.update_or_create(
        person=person, role=role.value, defaults={"valid_until": valid_until}
    )
    said = {"role": role.value, "valid_until": _day(valid_until), "held": True}
    entries.append(Kind.ROLE_CHANGED, by=by.id, subject=person.id, facts=said)
    return held


def _provisioned(by: Actor, subject: str, what: str, **facts: str) -> None:
    entries.append(Kind.PROVISIONED, by=by.id, subject=subject, facts={"what": what, **facts})


def _day(day: date | None) -> str:
    return day.isoformat() if day else "no end"
