"""People, institutions, roles and training."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Listed, Pages, Paging, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.words import Email, Id, Line, Reason, Search, Slug
from hub.errors import NotFound
from hub.people import records, services
from hub.people.models import Institution, Person, Role, RoleAssignment, Training

router = Router(tags=["people"])
READ, WRITE = Bearer(Scope.PEOPLE_READ), Bearer(Scope.PEOPLE_WRITE)


class InstitutionShown(Shown):
    """An organisation that shares data or sends researchers."""

    id: str
    slug: str
    name: str


class RoleShown(Shown):
    """A role that somebody holds."""

    role: Role
    valid_until: date | None


class TrainingShown(Shown):
    """A course that somebody completed."""

    course: str
    completed_on: date
    valid_until: date


class PersonShown(Shown):
    """Somebody of the enclave."""

    id: str
    email: str
    name: str
    institution: str
    active: bool
    suspended_at: datetime | None
    suspended_reason: str
    roles: list[RoleShown]
    training: list[TrainingShown]


class PeopleAsked(Paging):
    """Which people, in pages."""

    q: Search = ""
    email: Search = ""
    role: Role | None = None


class NewInstitution(Given):
    """An institution to be added."""

    slug: Slug
    name: Line


class NewPerson(Given):
    """Somebody to be added; they can't sign in before an admin invites them or their institution does."""

    email: Email
    name: Line
    institution: Slug
    roles: list[Role] = Field(default=[], max_length=len(Role))


class PersonGiven(Given):
    """What may change about a person; what is left out stays. Never the address: it is what they prove."""

    name: Line | None = None
    institution: Slug | None = None


class InstitutionGiven(Given):
    """Another name for an institution; its short name stays."""

    name: Line


class RoleGiven(Given):
    """Until when somebody holds a role; without an end it has none."""

    valid_until: date | None = None


class NewTraining(Given):
    """A course that somebody completed, to be recorded."""

    course: Annotated[Line, Field(max_length=100)]
    completed_on: date
    valid_until: date


class Because(Given):
    """Why; the person reads it."""

    reason: Reason


def of_institution(one: Institution) -> InstitutionShown:
    """Return an institution's shape."""
    return InstitutionShown(id=one.id, slug=one.slug, name=one.name)


def of_training(one: Training) -> TrainingShown:
    """Return a training's shape."""
    return TrainingShown(course=one.course, completed_on=one.completed_on, valid_until=one.valid_until)


def of_person(one: Person) -> PersonShown:
    """Return a person's shape."""
    return PersonShown(
        id=one.id,
        email=one.email,
        name=one.name,
        institution=one.institution.slug,
        active=one.is_active,
        suspended_at=one.suspended_at,
        suspended_reason=one.suspended_reason,
        roles=[
            RoleShown(role=Role(held.role), valid_until=held.valid_until)
            for held in one.role_assignments.all()
        ],
        training=[of_training(training) for training in one.trainings.all()],
    )


def find(id: str) -> Person:
    """Return a person by id."""
    found = Person.objects.with_roles().filter(pk=id).first()
    if found is None:
        raise NotFound("There is nobody with this id; GET /api/v1/people lists everybody.")
    return found


def institution_of(slug: str) -> Institution:
    """Return an institution by its short name."""
    found = Institution.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no institution “{slug}”; GET /api/v1/institutions lists them.")
    return found


def show(id: str) -> HttpResponse:
    """Answer with a person as they are now."""
    person = find(id)
    return answers.shown(of_person(person), row=person)


@router.get("/institutions", response=Listed[InstitutionShown], auth=READ)
def list_institutions(request: HttpRequest, paging: Pages) -> HttpResponse:
    """List the institutions."""
    records.open_for(caller.of(request).actor, "people")
    return answers.listed(Institution.objects.order_by("name", "id"), paging, of_institution)


@router.post("/institutions", response={201: InstitutionShown}, auth=WRITE)
def add_institution(request: HttpRequest, given: NewInstitution) -> HttpResponse:
    """Add an institution."""
    actor = caller.of(request).actor
    return once(
        request,
        lambda: answers.made(
            of_institution(services.add_institution(by=actor, slug=given.slug, name=given.name))
        ),
    )


@router.get("/people", response=Listed[PersonShown], auth=READ)
def list_people(request: HttpRequest, asked: Annotated[PeopleAsked, Query()]) -> HttpResponse:
    """List people, by name; `q` looks in names and addresses, `email` is one whole address.

    `role` keeps those who hold it today.
    """
    records.open_for(caller.of(request).actor, "people")
    found: QuerySet[Person] = Person.objects.with_roles().order_by("name", "id")
    if asked.q:
        found = found.filter(Q(name__icontains=asked.q) | Q(email__icontains=asked.q))
    if asked.email:
        found = found.filter(email=asked.email.lower())
    if asked.role is not None:
        held = RoleAssignment.objects.current(timezone.now().date()).filter(role=asked.role.value)
        found = found.filter(pk__in=held.values("person"))
    return answers.listed(found, asked, of_person)


@router.post("/people", response={201: PersonShown}, auth=WRITE)
def add_person(request: HttpRequest, given: NewPerson) -> HttpResponse:
    """Add a person."""
    actor = caller.of(request).actor

    def add() -> HttpResponse:
        person = services.add(
            by=actor,
            email=given.email,
            name=given.name,
            institution=institution_of(given.institution),
            roles=given.roles,
        )
        fresh = find(person.id)
        return answers.made(of_person(fresh), row=fresh)

    return once(request, add)


@router.get("/people/{id}", response=PersonShown, auth=READ)
def get_person(request: HttpRequest, id: Id) -> HttpResponse:
    """Show a person."""
    records.open_for(caller.of(request).actor, "people")
    return show(id)


@router.patch("/institutions/{slug}", response=InstitutionShown, auth=WRITE)
def rename_institution(request: HttpRequest, slug: Slug, given: InstitutionGiven) -> HttpResponse:
    """Give an institution another name."""
    institution = institution_of(slug)
    services.rename_institution(by=caller.of(request).actor, institution=institution, name=given.name)
    return answers.shown(of_institution(institution_of(slug)))


@router.patch("/people/{id}", response=PersonShown, auth=WRITE)
def edit_person(request: HttpRequest, id: Id, given: PersonGiven, if_match: IfMatch = None) -> HttpResponse:
    """Change a person's name or institution, from the edition that If-Match names."""
    person = find(id)
    services.edit(
        by=caller.of(request).actor,
        person=person,
        name=given.name or person.name,
        institution=institution_of(given.institution) if given.institution else person.institution,
        seen=answers.edition(person, if_match),
    )
    return show(id)


@router.put("/people/{id}/roles/{role}", response=PersonShown, auth=WRITE)
def give_role(
    request: HttpRequest, id: Id, role: Role, given: RoleGiven, if_match: IfMatch = None
) -> HttpResponse:
    """Give a role to a person, or a new end to a role they hold."""
    person = find(id)
    answers.require_edition(person, if_match)
    services.assign_role(by=caller.of(request).actor, person=person, role=role, valid_until=given.valid_until)
    return show(id)


@router.delete("/people/{id}/roles/{role}", response=PersonShown, auth=WRITE)
def end_role(request: HttpRequest, id: Id, role: Role, if_match: IfMatch = None) -> HttpResponse:
    """Take a role from a person."""
    person = find(id)
    answers.require_edition(person, if_match)
    services.end_role(by=caller.of(request).actor, person=person, role=role)
    return show(id)


@router.post("/people/{id}/training", response={201: TrainingShown}, auth=Bearer(Scope.TRAINING_WRITE))
def record_training(request: HttpRequest, id: Id, given: NewTraining) -> HttpResponse:
    """Record a course that a person completed."""
    actor = caller.of(request).actor
    return once(
        request,
        lambda: answers.made(
            of_training(
                services.record_training(
                    by=actor,
                    person=find(id),
                    course=given.course,
                    completed_on=given.completed_on,
                    valid_until=given.valid_until,
                )
            )
        ),
    )


@router.post("/people/{id}/suspend", response=PersonShown, auth=WRITE)
def suspend(request: HttpRequest, id: Id, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Suspend a person; a running session ends within seconds."""
    person = find(id)
    answers.require_edition(person, if_match)
    services.suspend(by=caller.of(request).actor, person=person, reason=given.reason)
    return show(id)


@router.post("/people/{id}/resume", response=PersonShown, auth=WRITE)
def resume(request: HttpRequest, id: Id, if_match: IfMatch = None) -> HttpResponse:
    """End a person's suspension."""
    person = find(id)
    answers.require_edition(person, if_match)
    services.resume(by=caller.of(request).actor, person=person)
    return show(id)


@router.post("/people/{id}/close", response=PersonShown, auth=WRITE)
def close(request: HttpRequest, id: Id, given: Because, if_match: IfMatch = None) -> HttpResponse:
    """Close a person's account."""
    person = find(id)
    answers.require_edition(person, if_match)
    services.deactivate(by=caller.of(request).actor, person=person, reason=given.reason)
    return show(id)
