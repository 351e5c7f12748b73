"""Which host name reaches what: people use the portal's own, the enclave's processes reach a few paths."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from hub.places import places

# The enclave's own processes can't resolve *.localhost; over the unix socket they say `portal`.
INSIDE_HOSTS = frozenset({"127.0.0.1", "portal"})
INSIDE_PATHS = (
    "/identity/o/api/token",
    "/identity/o/api/userinfo",
    "/.well-known/",
    "/internal/",
    "/health/",
    # It knows no cookies, so a name of the browser's is nothing to it; scripts here can't resolve that name.
    "/api/v1/",
    "/metrics",
)
INSIDE_ONLY = ("/internal/", "/metrics")


def is_inside(request: HttpRequest) -> bool:
    """Say whether a request names the portal as only the enclave's own processes do."""
    return request.get_host().rsplit(":", 1)[0] in INSIDE_HOSTS


class Hosts:
    """Refuse the pages to inside names, and the internal endpoints to browsers' names."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer only where host and path belong together."""
        inside = is_inside(request)
        if inside and not request.path.startswith(INSIDE_PATHS):
            return _say(f"Open the portal as {places.portal_url} ; other host names do not show it.")
        if not inside and request.path.startswith(INSIDE_ONLY):
            return _say("This address is for the enclave's own processes.")
        return self.respond(request)


def _say(sentence: str) -> HttpResponse:
    return HttpResponse(sentence + "\n", status=HTTPStatus.MISDIRECTED_REQUEST, content_type="text/plain")
