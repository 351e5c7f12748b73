"""The TLS proxy in front: only what it sends counts as https, and only it may say whose address asked."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hub.pages.hosts import is_inside
from hub.places import places

PROOF = "HTTP_X_PARLATORY_FRONT"
ADDRESS = "HTTP_X_FORWARDED_FOR"
# What proxies say of where a request came from; whoever sends one of these is not believed for it.
CLAIMS = (
    ADDRESS,
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
)


class Front:
    """Refuse a browser's name to whoever is not the proxy; without a proxy, believe no claim of one."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the proxy as over https, and the enclave's own processes as they are."""
        given = request.META.pop(PROOF, "")
        claimed = [request.META.pop(name, "") for name in CLAIMS]
        if places.tls and not is_inside(request):
            if not hmac.compare_digest(given.encode(), settings.PARLATORY_FRONT_SECRET.encode()):
                return HttpResponse(
                    f"Open the portal as {places.portal_url} ; it answers nobody but its TLS proxy.\n",
                    status=HTTPStatus.MISDIRECTED_REQUEST,
                    content_type="text/plain",
                )
            request.META["wsgi.url_scheme"] = "https"
            request.META["REMOTE_ADDR"] = _address(claimed[0]) or request.META.get("REMOTE_ADDR", "")
        return self.respond(request)


def _address(claimed: str) -> str:
    """Return the one address that the proxy saw; a list of them is what a browser made up."""
    try:
        return str(ipaddress.ip_address(claimed.strip()))
    except ValueError:
        return ""
