"""What the hub and the gate ask of the portal: JSON, each with the token of who asks."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from hub.errors import Invalid, Refused, WrongState
from hub.ledger import entries
from hub.ledger.canonical import canonical
from hub.ledger.kinds import Kind
from hub.workspaces import grants, leases, sessions

HUB = "PARLATORY_HUB_PORTAL_TOKEN"
GATE = "PARLATORY_GATE_PORTAL_TOKEN"
KINDS = {"saved": Kind.SAVED, "refused": Kind.GATE_REFUSED, "budget_spent": Kind.BUDGET_SPENT}
FACTS_BYTES = 4096
BODY_BYTES = 1_000_000

Id = Annotated[str, Field(pattern=r"^[0-9a-z]{26}$")]
Read = TypeVar("Read", bound=BaseModel)
View = Callable[..., HttpResponse]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GrantAsked(_Strict):
    """The hub is about to start a server."""

    person: str = Field(max_length=64)
    server: str = Field(max_length=64)


class Ended(_Strict):
    """A session is no more."""

    reason: str = Field(max_length=2000)


class SessionReport(_Strict):
    """What the gate saw of one session."""

    sent_bytes: int = Field(ge=0, le=2**50)
    active_at: AwareDatetime | None = None


class LeasesAsked(_Strict):
    """What the gate saw of all sessions."""

    sessions: dict[Id, SessionReport]


class Event(_Strict):
    """Something the gate saw that belongs on the ledger."""

    kind: str = Field(max_length=40)
    session: Id
    facts: dict[str, Any]


def inside(*tokens: str) -> Callable[[View], View]:
    """Let a view answer POSTs only to those who show one of the tokens."""

    def decorate(view: View) -> View:
        # A token in a header says who asks; no cookie is read that a browser would send along.
        @csrf_exempt
        @require_POST
        @wraps(view)
        def guarded(request: HttpRequest, **names: str) -> HttpResponse:
            if not _shows(request, tokens):
                return JsonResponse(
                    {"error": "The token is missing or wrong."}, status=HTTPStatus.UNAUTHORIZED
                )
            return view(request, **names)

        return guarded

    return decorate


@inside(HUB)
def grant(request: HttpRequest) -> HttpResponse:
    """Give the hub the grant of a session that the portal asked it to start."""
    asked = _read(request, GrantAsked)
    try:
        signed, session = grants.issue(person=asked.person, server=asked.server)
    except (Refused, WrongState) as error:
        # The hub shows this to the person, so it has a field of its own.
        return JsonResponse({"reason": str(error)}, status=HTTPStatus.FORBIDDEN)
    return JsonResponse({"grant": signed, "session": session.id})


@inside(HUB, GATE)
def ended(request: HttpRequest, session: str) -> HttpResponse:
    """Take note that a session is no more."""
    said = _read(request, Ended)
    known = sessions.find(session)
    changed = sessions.end(by="enclave", session=known, reason=said.reason or "The session ended.")
    return JsonResponse({"session": known.id, "changed": changed})


@inside(GATE)
def lease(request: HttpRequest) -> HttpResponse:
    """Renew the leases of all sessions."""
    asked = _read(request, LeasesAsked)
    at = leases.now()
    reports = {
        session: leases.Report(sent_bytes=seen.sent_bytes, active_at=_time(seen.active_at))
        for session, seen in asked.sessions.items()
    }
    renewed = leases.renew(reports=reports, at=at)
    return JsonResponse({"at": at.isoformat(), "sessions": [one.plain() for one in renewed]})


@inside(GATE)
def event(request: HttpRequest) -> HttpResponse:
    """Put something the gate saw on the ledger."""
    said = _read(request, Event)
    if said.kind not in KINDS:
        raise Invalid(f"“{said.kind}” is not an event the ledger keeps; it keeps {', '.join(KINDS)}.")
    facts = said.facts
    if len(canonical(facts)) > FACTS_BYTES:
        facts = {"left_out": "the facts were longer than the ledger takes"}
    known = sessions.find(said.session)
    with transaction.atomic():
        entries.append(KINDS[said.kind], by=known.workspace.person_id, subject=known.id, facts=facts)
    return JsonResponse({"recorded": said.kind})


def _shows(request: HttpRequest, tokens: tuple[str, ...]) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return False
    # Every token is compared, so that the time taken says nothing about which one came near.
    found = [hmac.compare_digest(shown.encode(), str(getattr(settings, name)).encode()) for name in tokens]
    return any(found)


def _read(request: HttpRequest, model: type[Read]) -> Read:
    if len(request.body) > BODY_BYTES:
        raise Invalid("The request is too long.")
    try:
        return model.model_validate_json(request.body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"The request can’t be read: {where} {first['msg']}.") from error


def _time(value: AwareDatetime | None) -> datetime | None:
    return value
