"""Content security policies of the review page and of the frames that show foreign content."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from django.template.loader import render_to_string

from hub.places import places

# The one page of the portal with a script: the keyboard of the review page, from our own static files.
REVIEW_PAGE = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "frame-src 'self'",
        f"form-action 'self' {places.lab_url}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
FRAME_STYLE = "releases/frame.css"


@cache
def frame() -> dict[str, str]:
    """Return the headers of a frame: an origin of its own, no script, nothing loaded, on our pages only."""
    style = base64.b64encode(hashlib.sha256(render_to_string(FRAME_STYLE).encode()).digest()).decode()
    policy = "; ".join(
        [
            "sandbox",
            "default-src 'none'",
            "img-src data:",
            "media-src data:",
            f"style-src 'sha256-{style}'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'self'",
        ]
    )
    return {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
