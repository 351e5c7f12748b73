"""Errors of every floor as problem+json (RFC 9457): the same sentences that a page would say."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from hub.errors import Busy, Invalid, NotFound, ParlatoryError, Refused, Unavailable, WrongState

log = logging.getLogger(__name__)

TYPE = "application/problem+json"


class Unproved(ParlatoryError):
    """No token was shown, or one that doesn't hold."""


class TooOften(ParlatoryError):
    """A token was used more often than a minute has room for."""


class Stale(ParlatoryError):
    """What the caller read was changed since; the If-Match says so."""


class Unconditional(ParlatoryError):
    """A change has to name the edition it was made from."""


class Unreadable(ParlatoryError):
    """The request is no JSON that could be read."""


STATUS: dict[type[ParlatoryError], HTTPStatus] = {
    Refused: HTTPStatus.FORBIDDEN,
    WrongState: HTTPStatus.CONFLICT,
    NotFound: HTTPStatus.NOT_FOUND,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Busy: HTTPStatus.TOO_MANY_REQUESTS,
    Unproved: HTTPStatus.UNAUTHORIZED,
    TooOften: HTTPStatus.TOO_MANY_REQUESTS,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    Unconditional: HTTPStatus.PRECONDITION_REQUIRED,
    Unreadable: HTTPStatus.BAD_REQUEST,
}
TITLES = {
    HTTPStatus.BAD_REQUEST: "The request can’t be read",
    HTTPStatus.UNAUTHORIZED: "Show a token that holds",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing here for you",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not do that",
    HTTPStatus.CONFLICT: "That is not possible now",
    HTTPStatus.PRECONDITION_FAILED: "It was changed meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "That can’t be used as it is",
    HTTPStatus.PRECONDITION_REQUIRED: "Say what you read",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many tries",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.SERVICE_UNAVAILABLE: "A part of the enclave does not answer",
}
# Where no sentence came along: Django's own answers.
SENTENCES = {
    HTTPStatus.BAD_REQUEST: "The request can’t be read; compare it with /api/v1/openapi.json.",
    HTTPStatus.NOT_FOUND: "There is no such address; /api/v1/openapi.json lists them all.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The Allow header names what this address does.",
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "The portal failed while answering; nothing was changed. Try again, or tell an admin the time."
    ),
}
A_MINUTE_SECONDS = 60


def answer(status: HTTPStatus, reasons: Iterable[str], **more: Any) -> HttpResponse:
    """Answer with a status and the sentences that explain it."""
    said = tuple(reasons) or (SENTENCES.get(status, "The portal can’t do this."),)
    title = TITLES.get(status, status.phrase)
    document = {"title": title, "status": status.value, "detail": " ".join(said), "reasons": said, **more}
    response = HttpResponse(json.dumps(document), status=status, content_type=TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Parlatory"'
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(A_MINUTE_SECONDS)
    return response


def of(error: ParlatoryError) -> HttpResponse:
    """Answer for an error of our own."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.BAD_REQUEST)
    reasons = error.reasons if isinstance(error, Refused) else (str(error),)
    log.info("api_refused status=%s kind=%s", status.value, type(error).__name__)
    return answer(status, reasons)


def named(response: HttpResponse) -> HttpResponse:
    """Return an answer of Django's own, as for an unknown address, as a problem; others as they are."""
    if response.status_code < HTTPStatus.BAD_REQUEST or response.headers.get("Content-Type") == TYPE:
        return response
    made = answer(HTTPStatus(response.status_code), ())
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response.headers:
            made.headers[name] = response.headers[name]
    return made


def install(api: NinjaAPI) -> None:
    """Have the API answer its errors so."""
    api.add_exception_handler(ParlatoryError, _own)
    api.add_exception_handler(Http404, lambda request, error: answer(HTTPStatus.NOT_FOUND, ()))
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(ValidationError, _validation)


def _own(request: HttpRequest, error: ParlatoryError | type[ParlatoryError]) -> HttpResponse:
    return of(error if isinstance(error, ParlatoryError) else error())


def _http(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    if not isinstance(error, HttpError):
        return answer(HTTPStatus.BAD_REQUEST, ())
    return answer(HTTPStatus(error.status_code), (str(error),) if error.status_code != 400 else ())


def _validation(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    if not isinstance(error, ValidationError):
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, ())
    found = [{"where": _where(one["loc"]), "what": str(one["msg"])} for one in error.errors]
    reasons = [f"{one['where']}: {one['what']}." for one in found[:5]]
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, reasons, errors=found[:50])


def _where(loc: Iterable[Any]) -> str:
    # The second part is the name of our own parameter for the body, which says nothing to a caller.
    parts = [str(part)[:80] for part in loc]
    return ".".join(part for number, part in enumerate(parts) if (number, part) != (1, "given"))
