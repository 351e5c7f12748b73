"""Who is at the browser: signed in through the hub, and only in their own session."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado.httputil import url_concat
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from hub import trace
from hub.gate.leases import Cut, Leases, Place
from hub.gate.portal import Engine, Portal

log = logging.getLogger("parlatory.gate")

CLIENT_ID = "service-gate"
PREFIX = "/services/gate/"
IDENTITY_SECONDS = 5
NOT_YOURS = "This is someone else's session. Open your own from the portal."
# Lab compiles its settings' schemas: without 'unsafe-eval' it does not start. No session's byte is a script.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data:; worker-src 'self' blob:; "
    "frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Gate:
    """What every handler needs."""

    leases: Leases
    portal: Portal
    engine: Engine
    identity: GateOAuth
    sessions: Path
    labfiles: Path
    lab_url: str
    lab_host: str
    gate_host: str
    portal_url: str
    key: bytes


class GateOAuth(HubOAuth):  # type: ignore[misc] # JupyterHub carries no types
    """The hub's OAuth client, whose cookie covers the gate's prefix and the sessions."""

    @property
    def cookie_path(self) -> str:
        """Sessions live under /user/, the callback under /services/."""
        return "/"


def oauth(*, hub_api_url: str, token: str, lab_url: str) -> GateOAuth:
    """Return the OAuth client `service-gate`."""
    return GateOAuth(
        api_url=hub_api_url,
        api_token=token,
        hub_host="",
        hub_prefix="/hub/",
        base_url=PREFIX,
        oauth_client_id=CLIENT_ID,
        oauth_redirect_uri=f"{lab_url}{PREFIX}oauth_callback",
        access_scopes={"access:services!service=gate"},
        cache_max_age=IDENTITY_SECONDS,
        allow_websocket_cookie_auth=True,
        # By configuration, not by what a header says of the scheme.
        cookie_options={"secure": True} if lab_url.startswith("https:") else {},
    )


class GateHandler(RequestHandler):
    """A handler that refuses foreign hosts, knows its person and never explains more than a sentence."""

    def initialize(self) -> None:
        """Begin a request; what a browser or a session calls it is not asked."""
        trace.begin()

    @property
    def gate(self) -> Gate:
        """What every handler needs."""
        found: Gate = self.settings["gate"]
        return found

    def set_default_headers(self) -> None:
        """Put our own headers on every answer; none of a session's passes."""
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", CONTENT_POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        for name, value in self.settings.get("transport_headers", {}).items():
            self.set_header(name, value)

    def check_host(self) -> None:
        """Refuse a request that was sent to another name."""
        if self.request.host.lower() != self.gate.lab_host:
            raise HTTPError(421, "This address is not served here.")

    def check_xsrf_cookie(self) -> None:
        """Checked by `check_origin_of_change`, against the signed-in person and session."""

    async def person(self) -> str | None:
        """Return the id of the signed-in person, or None."""
        identity = self.gate.identity
        cookie = self.get_signed_cookie(identity.cookie_name, max_age_days=1)
        if not cookie:
            return None
        model = await identity.user_for_token(
            cookie.decode("ascii", "replace"), session_id=identity.get_session_id(self), sync=False
        )
        if (
            not model
            or model.get("kind") != "user"
            or not identity.check_scopes(identity.access_scopes, model)
        ):
            return None
        return str(model["name"])

    async def own_place(self, person: str, server: str) -> Place:
        """Return the session in the path if it is the signed-in person's and may be reached."""
        signed_in = await self.person()
        if signed_in is None:
            raise HTTPError(401, "Sign in again: your sign-in has ended.")
        if signed_in != person:
            raise HTTPError(403, NOT_YOURS)
        if self.gate.leases.frozen:
            raise HTTPError(
                503, "The portal does not answer, so nothing passes. Your work goes on; wait a moment."
            )
        place = self.gate.leases.find(person, server)
        if place is None:
            raise HTTPError(403, "This session is not running. Start it from the portal.")
        try:
            self.gate.leases.check(place)
        except Cut as cut:
            raise HTTPError(403, str(cut)) from cut
        return place

    def xsrf_for(self, person: str, server: str) -> str:
        """Return the token that only this person's pages of this session know."""
        cookie = self.get_signed_cookie(self.gate.identity.cookie_name, max_age_days=1) or b""
        words = b"\0".join((b"xsrf", person.encode(), server.encode(), cookie))
        return hmac.new(self.gate.key, words, hashlib.sha256).hexdigest()

    def check_origin_of_change(self, person: str, server: str) -> None:
        """Refuse a change that another page asked for."""
        origin = self.request.headers.get("Origin")
        if origin is not None and origin != self.gate.lab_url:
            raise HTTPError(403, "Another site asked for this; it was refused.")
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise HTTPError(403, "Another site asked for this; it was refused.")
        given = self.request.headers.get("X-Xsrftoken", "")
        if not hmac.compare_digest(given.encode(), self.xsrf_for(person, server).encode()):
            raise HTTPError(403, "Load the page again: its proof of origin is missing or old.")

    def sign_in(self) -> None:
        """Send the browser to the hub and back here."""
        identity = self.gate.identity
        verifier, challenge, method = identity.generate_pkce_code_challenge()
        state = identity.set_state_cookie(self, next_url=self.request.uri, code_verifier=verifier)
        extra = {"state": state, "code_challenge": challenge, "code_challenge_method": method}
        self.redirect(url_concat(identity.login_url, extra))

    def answer_json(self, document: Any, *, status: int = 200) -> None:
        """Finish with JSON that the gate itself wrote."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(document))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log a refusal without its address, for file names may be data; a fault of ours with its trace."""
        if isinstance(value, StreamClosedError):
            log.info("browser_left method=%s", self.request.method)
        elif isinstance(value, HTTPError):
            log.info("refused status=%s method=%s", value.status_code, self.request.method)
        else:
            log.error("gate_failed", exc_info=(typ, value, tb))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is the matter in one sentence; a fault of ours says only that it is one."""
        words = "Something went wrong in the gate; the enclave's admin can find it in the log."
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, HTTPError) and error.log_message and status_code != 500:
            # tornado doubled each percent sign for its log.
            words = error.log_message.replace("%%", "%")
        wants_page = "text/html" in self.request.headers.get("Accept", "")
        if wants_page:
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(_page(words, self.gate.portal_url))
        else:
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.finish(json.dumps({"message": words, "reason": None}))


def _page(words: str, portal_url: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Parlatory</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="stylesheet" href="{PREFIX}static/page.css"></head><body><main><h1>Not here</h1>'
        f'<p>{escape(words)}</p><p><a href="{escape(portal_url)}/">Go to the portal</a></p>'
        "</main></body></html>"
    )


class Callback(GateHandler, HubOAuthCallbackHandler):  # type: ignore[misc] # JupyterHub carries no types
    """Finishes the sign-in that the hub began."""

    @property
    def hub_auth(self) -> GateOAuth:
        """The one OAuth client."""
        return self.gate.identity

    def prepare(self) -> None:
        """Refuse foreign hosts."""
        self.check_host()
