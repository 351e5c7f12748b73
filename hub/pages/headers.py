"""Security headers on every page: no script, nothing from elsewhere, no frame."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from hub.places import places

# Signing in ends with a redirect to the lab: browsers hold form targets against it as well.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        f"form-action 'self' {places.lab_url}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), clipboard-read=()",
}


class Headers:
    """Set the headers that a view has not set more strictly itself."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers; pages are not kept by any cache."""
        response = self.respond(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
