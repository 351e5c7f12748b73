"""What people need before they can work: an invitation to sign in, and training from a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import StringConstraints

from hub.api import answers, caller
from hub.api.answers import Given, Listed, Pages, Shown
from hub.api.caller import Bearer
from hub.api.once import once
from hub.api.scopes import Scope
from hub.api.v1 import people
from hub.api.words import Id
from hub.errors import NotFound
from hub.people import courses, invitations, records, services
from hub.people.models import Invitation, InvitationState

router = Router(tags=["people"])
WRITE = Bearer(Scope.PEOPLE_WRITE)


class InvitationShown(Shown):
    """A link that was mailed to somebody; the link itself is in that mail only."""

    id: str
    person: str
    state: InvitationState
    sent_at: datetime
    expires_at: datetime


class TrainingTable(Given):
    """Training as CSV with the columns email, course, completed_on, valid_until."""

    csv: Annotated[str, StringConstraints(min_length=1, max_length=courses.MOST_CHARACTERS)]
    dry_run: bool = False


class TrainingRow(Shown):
    """One row as it was read, and what is wrong about it."""

    line: int
    email: str
    course: str
    completed_on: date | None
    valid_until: date | None
    error: str


class TrainingTableShown(Shown):
    """Every row of the table, and how many were recorded: all of them or none."""

    rows: list[TrainingRow]
    recorded: int


def of_invitation(one: Invitation) -> InvitationShown:
    """Return an invitation's shape."""
    return InvitationShown(
        id=one.id, person=one.person_id, state=one.state, sent_at=one.sent_at, expires_at=one.expires_at
    )


def of_row(one: courses.Row) -> TrainingRow:
    """Return a row's shape."""
    return TrainingRow(
        line=one.line,
        email=one.email,
        course=one.course,
        completed_on=one.completed_on,
        valid_until=one.valid_until,
        error=one.error,
    )


@router.get("/people/{id}/invitations", response=Listed[InvitationShown], auth=Bearer(Scope.PEOPLE_READ))
def list_invitations(request: HttpRequest, id: Id, paging: Pages) -> HttpResponse:
    """List the invitations that were sent to a person."""
    records.open_for(caller.of(request).actor, "people")
    found = Invitation.objects.filter(person=people.find(id)).order_by("-sent_at", "id")
    return answers.listed(found, paging, of_invitation)


@router.post("/people/{id}/invitations", response={201: InvitationShown}, auth=WRITE)
def invite(request: HttpRequest, id: Id) -> HttpResponse:
    """Mail a person a link that sets their password; links sent before stop working."""
    actor = caller.of(request).actor
    return once(
        request, lambda: answers.made(of_invitation(invitations.send(by=actor, person=people.find(id))))
    )


@router.post("/people/{id}/invitations/{invitation}/revoke", response=InvitationShown, auth=WRITE)
def revoke_invitation(request: HttpRequest, id: Id, invitation: Id) -> HttpResponse:
    """Make a link that was sent useless."""
    found = Invitation.objects.select_related("person").filter(person_id=id, pk=invitation).first()
    if found is None:
        raise NotFound("There is no such invitation of this person.")
    invitations.revoke(by=caller.of(request).actor, invitation=found)
    found.refresh_from_db()
    return answers.shown(of_invitation(found))


@router.post("/training", response=TrainingTableShown, auth=Bearer(Scope.TRAINING_WRITE))
def record_table(request: HttpRequest, given: TrainingTable) -> HttpResponse:
    """Record the training of a table: all rows or none; with `dry_run`, only say what is wrong."""
    actor = caller.of(request).actor
    services.may_record_any(by=actor)

    def record() -> HttpResponse:
        table = courses.read(given.csv, by=actor)
        count = 0 if given.dry_run else courses.record(by=actor, table=table)
        return answers.shown(TrainingTableShown(rows=[of_row(row) for row in table], recorded=count))

    return once(request, record)
