"""`python -m hub.bench.frontage`: the real gate before one session, for a measurement that has no portal.

Reads what it needs as one JSON object on standard input, answers with its port and a signed-in person's
cookie, and serves until it is told to stop. Leases and people are stand-ins that answer at once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, create_signed_value

from hub.gate.app import application
from hub.gate.identity import Gate, oauth
from hub.gate.leases import Leases
from hub.gate.portal import Engine, Lease, Portal

PLENTY = 1 << 50
NOWHERE = "/nonexistent.sock"


class AlwaysLive:
    """Renews these leases for ever."""

    def __init__(self, leases: list[Lease]) -> None:
        self._leases = leases

    async def renew(self, report: dict[str, dict[str, Any]]) -> list[Lease]:
        """Answer with every lease."""
        return self._leases

    async def tell(self, kind: str, session: str, facts: dict[str, Any]) -> None:
        """Keep nothing."""

    async def stop(self, session: str) -> None:
        """Stop nothing."""


class Whoever(RequestHandler):
    """Says whose token it is, as the hub's API does; the token names the person."""

    def get(self) -> None:
        """Answer for `token-<person>`."""
        token = self.request.headers.get("Authorization", "").rpartition(" ")[2]
        if not token.startswith("token-"):
            raise HTTPError(403)
        name = token.removeprefix("token-")
        self.finish({"name": name, "kind": "user", "scopes": ["access:services!service=gate"]})


def _lease(person: str, server: str, session: str, image: str) -> Lease:
    now = datetime.now(UTC)
    return Lease(
        session=session, person=person, server=server, live=True, image=image, budget_bytes=PLENTY,
        budget_left_bytes=PLENTY, idle_ends_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=8),
    )  # fmt: skip


def _gate(wish: dict[str, Any], hub_port: int, port: int) -> Gate:
    host = f"lab.localhost:{port}"
    answers = AlwaysLive([_lease(**one) for one in wish["sessions"]])
    return Gate(
        leases=Leases(answers, answers),
        portal=Portal(socket=NOWHERE, token="x"),  # noqa: S106 - nobody is asked
        engine=Engine(socket=NOWHERE),
        identity=oauth(
            hub_api_url=f"http://127.0.0.1:{hub_port}/hub/api",
            token="x",  # noqa: S106 - as above
            lab_url=f"http://{host}",
        ),
        sessions=Path(wish["folder"]),
        labfiles=Path(wish["labfiles"]),
        lab_url=f"http://{host}",
        lab_host=host,
        gate_host=f"127.0.0.1:{port}",
        portal_url="http://portal.localhost:1",
        key=secrets.token_bytes(32),
    )


async def serve(wish: dict[str, Any]) -> None:
    """Serve until standard input ends."""
    hub_sockets, gate_sockets = bind_sockets(0, "127.0.0.1"), bind_sockets(0, "127.0.0.1")
    hub_port, port = hub_sockets[0].getsockname()[1], gate_sockets[0].getsockname()[1]
    gate = _gate(wish, hub_port, port)
    HTTPServer(Application([("/hub/api/user", Whoever)])).add_sockets(hub_sockets)
    HTTPServer(application(gate), max_body_size=64 * 1024, max_header_size=32 * 1024).add_sockets(
        gate_sockets
    )
    await gate.leases.tick()
    name = gate.identity.cookie_name
    cookies = {
        one["person"]: f"{name}={create_signed_value(gate.key, name, 'token-' + one['person']).decode()}"
        for one in wish["sessions"]
    }
    sys.stdout.write(json.dumps({"port": port, "host": gate.lab_host, "cookies": cookies}) + "\n")
    sys.stdout.flush()
    renewing = asyncio.create_task(gate.leases.run())
    telling = asyncio.create_task(gate.leases.send_events())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    renewing.cancel()
    telling.cancel()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.stdin.readline())))
