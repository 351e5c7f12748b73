"""Each request of the portal has an id, and a line in the log when it is answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from hub import trace
from hub.pages.hosts import is_inside

log = logging.getLogger(__name__)

# Asked every few seconds by the enclave itself: only what goes wrong is worth a line.
QUIET = ("/internal/leases", "/metrics", "/health/", "/static/")


class WithoutAddress(logging.Filter):
    """Takes the addresses out of what Django itself logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, its addresses replaced."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                "(address)" if isinstance(value, str) and value.startswith("/") else value
                for value in record.args
            )
        return True


class Tracing:
    """Begin a request: under the id that one of our own processes sends, else under a new one."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the id in a header."""
        began = time.monotonic()
        given = request.headers.get(trace.HEADER) if is_inside(request) else None
        with trace.following(given) as current:
            response = self.respond(request)
            response.headers[trace.HEADER] = current
            if response.status_code >= HTTPStatus.BAD_REQUEST or not request.path.startswith(QUIET):
                # The route and not the address: what stands in an address may be somebody's words.
                route = request.resolver_match.route if request.resolver_match else "nowhere"
                log.info(
                    "answered method=%s route=%s status=%s seconds=%s",
                    request.method,
                    route or "home",
                    response.status_code,
                    round(time.monotonic() - began, 3),
                )
        return response
