"""The way in: what every request to the API has to be like before anything looks at it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse

from hub.api import problems
from hub.ledger import through

PREFIX = "/api/v1/"
LONGEST_BODY_BYTES = 1_000_000
# Names that tokens travel under elsewhere; an address is kept in histories and logs.
NAMES = frozenset({"token", "access_token", "api_key", "apikey", "key", "authorization", "bearer"})


class Door:
    """Take cookies, tokens in addresses and long bodies out of the API's way; answer errors as problems."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer requests to the API; others pass by."""
        if not request.path.startswith(PREFIX):
            return self.respond(request)
        without_cookies(request)
        if carries_token(request):
            return unlogged(problems.answer(HTTPStatus.BAD_REQUEST, (IN_ADDRESS,)))
        if body_bytes(request) > LONGEST_BODY_BYTES:
            return problems.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, (TOO_LONG,))
        with through.request():
            return problems.named(self.respond(request))


IN_ADDRESS = (
    "A token in an address ends up in histories and logs. Send it as “Authorization: Bearer …”, "
    "and revoke this one on your account page if it was real."
)
TOO_LONG = f"A request’s body may have {LONGEST_BODY_BYTES} bytes; send less at a time."


def without_cookies(request: HttpRequest) -> None:
    """Forget the browser's cookies: what a browser is signed in to is never what a script may do."""
    request.META.pop("HTTP_COOKIE", None)
    request.__dict__.pop("COOKIES", None)


def carries_token(request: HttpRequest) -> bool:
    """Whether the address holds a token, or something by a token's name."""
    query = request.META.get("QUERY_STRING", "")
    names = {pair.partition("=")[0].lower() for pair in unquote_plus(query).split("&")}
    return bool(names & NAMES) or "parlatory_" in unquote_plus(query) or "parlatory_" in request.path


def unlogged(response: HttpResponse) -> HttpResponse:
    """Keep Django from writing the address of this request into its log."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
    return response


def body_bytes(request: HttpRequest) -> int:
    """Return how long the body says it is; no more than that is ever read."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    # Also what Unicode calls a digit would pass isdigit, and then be no number.
    return int(said) if said.isascii() and said.isdigit() else LONGEST_BODY_BYTES + 1
