"""Whom a token acts for, and for what."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from ninja import Router

from hub.api import answers, caller
from hub.api.answers import Shown
from hub.api.caller import Bearer
from hub.api.scopes import Scope
from hub.people.models import Person, Role

router = Router(tags=["me"])


class MeShown(Shown):
    """The token that was shown, and its person as they are today."""

    token: str
    name: str
    scopes: list[Scope]
    expires_at: datetime
    person: str
    email: str
    roles: list[Role]


@router.get("/me", response=MeShown, auth=Bearer())
def me(request: HttpRequest) -> HttpResponse:
    """Say whom this token acts for, for what and until when; any token may ask."""
    found = caller.of(request)
    person = found.actor if isinstance(found.actor, Person) else None
    return answers.shown(
        MeShown(
            token=found.token.id,
            name=found.token.name,
            scopes=[Scope(scope) for scope in found.token.scopes],
            expires_at=found.token.expires_at,
            person=found.actor.id,
            email=person.email if person else "",
            roles=sorted(person.roles_on(datetime.now(UTC).date())) if person else [],
        )
    )
