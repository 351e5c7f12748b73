"""Errors of every floor become pages, once, here."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.csrf import csrf_failure as django_csrf_failure

from hub import room
from hub.api import door, problems
from hub.errors import Busy, Invalid, NotFound, ParlatoryError, Refused, Unavailable, WrongState
from hub.pages import uploads

log = logging.getLogger(__name__)

STATUS: dict[type[ParlatoryError], HTTPStatus] = {
    Refused: HTTPStatus.FORBIDDEN,
    WrongState: HTTPStatus.CONFLICT,
    NotFound: HTTPStatus.NOT_FOUND,
    Invalid: HTTPStatus.BAD_REQUEST,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Busy: HTTPStatus.TOO_MANY_REQUESTS,
}
LACKING = (
    (room.lacks, "disk_full error=%s", room.FULL),
    (room.lacks_memory, "memory_short error=%s", room.SHORT),
)
HEADINGS = {
    HTTPStatus.BAD_REQUEST: "That can’t be used as it is",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing here for you",
    HTTPStatus.CONFLICT: "That is not possible now",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too much at once",
    HTTPStatus.TOO_MANY_REQUESTS: "Too much at once",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.SERVICE_UNAVAILABLE: "A part of the enclave does not answer",
}

Respond = Callable[[HttpRequest], HttpResponse]


class Errors:
    """Turn an error of our own into a page that says what it says."""

    def __init__(self, respond: Respond) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the views do."""
        return self.respond(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an error of our own, a full disk or memory; leave others to Django."""
        return explained(request, error)


def explained(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Answer for an error that has something to say; None for any other."""
    if not isinstance(error, ParlatoryError):
        if error is None:
            return None
        for lacks, event, sentence in LACKING:
            if lacks(error):
                log.error(event, type(error).__name__)
                return page(request, HTTPStatus.SERVICE_UNAVAILABLE, (sentence,))
        return None
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.BAD_REQUEST)
    reasons = error.reasons if isinstance(error, Refused) else (str(error),)
    return page(request, status, reasons)


def page(request: HttpRequest, status: HTTPStatus, reasons: tuple[str, ...]) -> HttpResponse:
    """Answer with a status and the sentences that explain it, as JSON to the enclave's own processes."""
    # The route and not the address: what stands in an address may be somebody's words.
    route = request.resolver_match.route if request.resolver_match else "nowhere"
    log.info("refused status=%s route=%s", status.value, route or "home")
    if request.path.startswith(door.PREFIX):
        return problems.answer(status, ())
    if request.path.startswith("/internal/"):
        return JsonResponse({"error": " ".join(reasons)}, status=status)
    context = {"heading": HEADINGS[status], "reasons": reasons, "status": status.value}
    return render(request, "error.html", context, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was too old or came from elsewhere."""
    response = django_csrf_failure(request, reason)
    if response.status_code != HTTPStatus.FORBIDDEN:
        return response
    return page(
        request,
        HTTPStatus.FORBIDDEN,
        ("The form was too old or was sent from another site. Go back, load the page again and repeat.",),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that a request can't be read, or is too long."""
    if isinstance(exception, RequestDataTooBig):
        return too_long(request)
    said = str(exception) if isinstance(exception, BadRequest) and str(exception) else ""
    return page(
        request, HTTPStatus.BAD_REQUEST, (said or "The request can’t be read; go back and try again.",)
    )


def too_long(request: HttpRequest) -> HttpResponse:
    """Say how much may be sent at once, and how much was."""
    multipart = request.content_type == "multipart/form-data"
    limit = uploads.most_bytes() if multipart else settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    sent = int(request.META.get("CONTENT_LENGTH") or 0)
    given = f" ({sent / 1024**2:,.1f} MiB)" if sent > limit else ""
    sentence = (
        f"What was sent{given} is larger than {limit / 1024**2:.1f} MiB; go back, and send less at once."
    )
    return page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, (sentence,))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that this is not allowed."""
    said = str(exception) if isinstance(exception, PermissionDenied) and str(exception) else ""
    return page(
        request,
        HTTPStatus.FORBIDDEN,
        (said or "Your roles do not allow this; ask an admin of the enclave if they should.",),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is no such page, or none this person may know of."""
    said = str(exception) if isinstance(exception, Http404) and request.path.startswith("/internal/") else ""
    return page(
        request,
        HTTPStatus.NOT_FOUND,
        (said or "There is no such page, or none that your roles and projects let you see.",),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that the portal failed, without saying how; what a middleware raised may say more."""
    return explained(request, sys.exc_info()[1]) or page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ("The portal failed while answering; nothing was changed. Try again, or tell an admin the time.",),
    )
