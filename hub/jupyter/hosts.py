"""Which host name reaches what at the hub: browsers come by the lab's, our own processes by loopback."""

from __future__ import annotations

from typing import Any

from jupyterhub.app import JupyterHub
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler

from hub.places import Places, places

# What gate, portal and proxy ask for by the hub's own address; no browser needs another there.
INSIDE_PATHS = ("/hub/api", "/hub/error/", "/hub/health")
MISDIRECTED = 421


class WrongHost(Matcher):
    """Fits each request whose Host header does not belong to its path."""

    def __init__(self, places: Places) -> None:
        """Remember the two names."""
        self.browsers = places.lab_host
        self.inside = f"127.0.0.1:{places.port('hub')}"

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return a match for what is to be refused, None for what may go on."""
        host = request.host.lower()
        if host == self.browsers or (host == self.inside and request.path.startswith(INSIDE_PATHS)):
            return None
        return {}


class Misdirected(RequestHandler):
    """The answer to a wrong Host header."""

    def initialize(self, *, lab_url: str) -> None:
        """Remember where the lab is."""
        self.lab_url = lab_url

    def prepare(self) -> None:
        """Say where the lab is, whatever was asked."""
        self.set_status(MISDIRECTED)
        self.clear_header("Server")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"Open the lab as {self.lab_url} ; other host names do not show it.\n")


class Hub(JupyterHub):  # type: ignore[misc] # JupyterHub carries no types
    """JupyterHub that looks at the Host header before anything else; it has no setting for that."""

    def init_tornado_application(self) -> None:
        """Put the refusal in front of every address."""
        super().init_tornado_application()
        refusal = Rule(WrongHost(places), Misdirected, {"lab_url": places.lab_url})
        self.tornado_application.default_router.rules.insert(0, refusal)
