"""Which address is answered by which handler; the order is the rule."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging

import httpx
from tornado.httpserver import HTTPServer
from tornado.web import Application

from hub.gate import channels, forward, pages, tied
from hub.gate.identity import PREFIX, Callback, Gate, oauth
from hub.gate.leases import Leases
from hub.gate.portal import Engine, Portal
from hub.places import HSTS, Places

log = logging.getLogger("parlatory.gate")

ACTIVITY_SECONDS = 60.0
_SESSION = r"/user/([a-z0-9-]{1,64})/([a-z0-9-]{1,30})"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def gate_of(places: Places) -> Gate:
    """Gather what the handlers need from the enclave's places."""
    token = places.secret("gate", "gate-hub")
    portal = Portal(socket=str(places.portal_socket), token=places.secret("gate", "gate-portal"))
    engine = Engine(socket=str(places.engine_socket))
    return Gate(
        leases=Leases(portal, engine),
        portal=portal,
        engine=engine,
        identity=oauth(hub_api_url=f"{places.url('hub')}/hub/api", token=token, lab_url=places.lab_url),
        sessions=places.run / "sessions",
        labfiles=places.state / "labfiles",
        lab_url=places.lab_url,
        lab_host=places.lab_host,
        gate_host=f"127.0.0.1:{places.port('gate')}",
        portal_url=places.portal_url,
        key=hmac.new(token.encode(), b"parlatory gate cookies", hashlib.sha256).digest(),
    )


def application(gate: Gate) -> Application:
    """Return the gate's addresses; what none of them names is refused by `Forward` or `Nowhere`."""
    tls = gate.lab_url.startswith("https:")
    return Application(
        [
            (PREFIX, pages.Pulse),
            (rf"{PREFIX}oauth_callback", Callback),
            (rf"{PREFIX}static/([a-z.]+)", pages.OwnFile),
            (rf"{_SESSION}/?", pages.Start),
            (rf"{_SESSION}/api/?", pages.Probe),
            (rf"{_SESSION}/api/me", pages.Me),
            (rf"{_SESSION}/api/kernels/({_UUID})/channels", channels.Channels),
            (rf"{_SESSION}/api/events/subscribe", channels.Events),
            (rf"{_SESSION}/parlatory/status", pages.Status),
            (rf"{_SESSION}/parlatory/ending", tied.Ending),
            (rf"{_SESSION}/lab/api/translations(?:/([A-Za-z_-]*))?", pages.Translations),
            (rf"{_SESSION}/({'|'.join(pages.AREAS)})/(.+)", pages.LabFile),
            (rf"{_SESSION}/(lab|doc)/?", pages.LabPage),
            (rf"{_SESSION}/(lab|doc)/((?:tree|workspaces)/.*)", pages.LabPage),
            (rf"{_SESSION}/(.*)", forward.Forward),
        ],
        gate=gate,
        transport_headers=HSTS if tls else {},
        xsrf_cookie_kwargs={"secure": True} if tls else {},
        cookie_secret=gate.key,
        default_handler_class=pages.Nowhere,
        websocket_max_message_size=16 * 1024 * 1024,
        websocket_ping_interval=20,
        log_function=_log_nothing_private,
    )


def _log_nothing_private(handler: object) -> None:
    """Write no address into the log: file names may be data."""


async def _report_activity(gate: Gate, *, token: str) -> None:
    """Tell the hub who is active, once a minute; it only shows it."""
    async with httpx.AsyncClient(timeout=5, headers={"Authorization": f"token {token}"}) as client:
        while True:
            await asyncio.sleep(ACTIVITY_SECONDS)
            for person, server, at in gate.leases.active():
                url = f"{gate.identity.api_url}/users/{person}/activity"
                try:
                    await client.post(
                        url, json={"servers": {server: {"last_activity": at}}, "last_activity": at}
                    )
                except httpx.HTTPError as error:
                    log.warning("activity_not_reported person=%s reason=%s", person, type(error).__name__)


async def serve(places: Places) -> None:
    """Serve for ever; a lost lease loop ends the process, and with it every way out."""
    gate = gate_of(places)
    server = HTTPServer(
        application(gate),
        xheaders=False,
        max_body_size=64 * 1024,
        max_header_size=32 * 1024,
        idle_connection_timeout=300,
    )
    server.listen(places.port("gate"), address="127.0.0.1")
    log.info("gate_listens port=%s", places.port("gate"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(gate.leases.run())
        tasks.create_task(gate.leases.send_events())
        tasks.create_task(_report_activity(gate, token=gate.identity.api_token))
