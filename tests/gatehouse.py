"""A real gate in a thread, in front of any session server, with doubles for the portal and the hub's API.

The doubles answer as the real ones do; `tests/integration/jupyter` runs gate and hub together for real.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets, bind_unix_socket
from tornado.web import Application, HTTPError, RequestHandler, create_signed_value
from tornado.websocket import WebSocketClientConnection, websocket_connect

from hub.gate.app import application
from hub.gate.identity import Gate, oauth
from hub.gate.leases import Leases, Place
from hub.gate.messages import PROTOCOL
from hub.gate.portal import Engine, Lease, NoAnswer, Portal

T = TypeVar("T")
ALICE = "01jalice000000000000000000"
BOB = "01jbob00000000000000000000"
SESSION = "01jsession0000000000000000"
SERVER = "voices"
SESSION_UID = 200001
TAG = "0123456789ab"
KERNEL = "11111111-2222-3333-4444-555555555555"
BASE = f"/user/{ALICE}/{SERVER}"


@dataclass
class PortalDouble:
    """Answers about leases as the portal does, and can fall silent."""

    leases: dict[str, Lease] = field(default_factory=dict)
    silent: bool = False
    sent: dict[str, int] = field(default_factory=dict)
    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def renew(self, report: dict[str, dict[str, Any]]) -> list[Lease]:
        """Add up what was sent and answer with every lease."""
        if self.silent:
            raise NoAnswer("the portal does not answer")
        for session, facts in report.items():
            self.sent[session] = self.sent.get(session, 0) + facts["sent_bytes"]
        return [
            lease.model_copy(
                update={"budget_left_bytes": max(0, lease.budget_bytes - self.sent.get(lease.session, 0))}
            )
            for lease in self.leases.values()
        ]

    async def tell(self, kind: str, session: str, facts: dict[str, Any]) -> None:
        """Keep the event."""
        self.events.append((kind, session, facts))


@dataclass
class EngineDouble:
    """Remembers which sessions were stopped."""

    stopped: list[str] = field(default_factory=list)

    async def stop(self, session: str) -> None:
        """Remember."""
        self.stopped.append(session)


@dataclass
class Clock:
    """A clock that only tests move: on a slow machine nothing freezes by itself."""

    ahead: float = 0.0

    def __call__(self) -> float:
        """Return the seconds since some moment."""
        return 1_000.0 + self.ahead


class HubApiDouble(RequestHandler):
    """Says who a token belongs to, as GET /hub/api/user does."""

    def get(self) -> None:
        """Answer for `token-<person>`."""
        token = self.request.headers.get("Authorization", "").rpartition(" ")[2]
        if not token.startswith("token-"):
            raise HTTPError(403)
        scopes = ["access:services!service=gate"] if "noscope" not in token else []
        person = token.removeprefix("token-").removesuffix("-noscope")
        self.finish({"name": person, "kind": "user", "scopes": scopes})


def lease(**changes: Any) -> Lease:
    """Return a live lease of Alice's session."""
    facts: dict[str, Any] = {
        "session": SESSION,
        "person": ALICE,
        "server": SERVER,
        "live": True,
        "reason": None,
        "image": f"parlatory/workspace:{TAG}",
        "budget_bytes": 50_000_000,
        "budget_left_bytes": 50_000_000,
        "idle_ends_at": datetime.now(UTC) + timedelta(hours=1),
        "ends_at": datetime.now(UTC) + timedelta(hours=8),
    }
    return Lease.model_validate(facts | changes)


@contextmanager
def opened(name: str = "lab.localhost") -> Iterator[House]:
    """Yield a running gate; its folder's name is short, for a unix socket's path may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="gate-"))
    folder.chmod(0o755)
    made = House(folder, name)
    try:
        made.labfiles_of_image()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


class House:
    """The gate, running."""

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self.sessions = folder / "sessions"
        self.labfiles = folder / "labfiles"
        self.sessions.mkdir()
        self.labfiles.mkdir()
        self.clock = Clock()
        self.portal = PortalDouble({SESSION: lease()})
        self.engine = EngineDouble()
        self._servers: list[HTTPServer] = []
        self._browsers: list[WebSocketClientConnection] = []
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10), "the gate did not start"

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        hub = HTTPServer(Application([("/hub/api/user", HubApiDouble)]))
        gate_sockets, hub_sockets = bind_sockets(0, "127.0.0.1"), bind_sockets(0, "127.0.0.1")
        hub.add_sockets(hub_sockets)
        self.port = gate_sockets[0].getsockname()[1]
        self.host = f"{self._name}:{self.port}"
        unused = "/nonexistent.sock"
        self.leases = Leases(self.portal, self.engine, clock=self.clock)
        hub_url = f"http://127.0.0.1:{hub_sockets[0].getsockname()[1]}/hub/api"
        lab_url = f"http://{self.host}"
        self.gate = Gate(
            leases=self.leases,
            portal=Portal(socket=unused, token="x"),
            engine=Engine(socket=unused),
            identity=oauth(hub_api_url=hub_url, token="gate-token", lab_url=lab_url),
            sessions=self.sessions,
            labfiles=self.labfiles,
            lab_url=lab_url,
            lab_host=self.host,
            gate_host=f"127.0.0.1:{self.port}",
            portal_url="http://portal.localhost:1",
            key=b"0" * 32,
        )
        gate = HTTPServer(application(self.gate), max_body_size=64 * 1024)
        gate.add_sockets(gate_sockets)
        self._servers = [hub, gate]
        events = asyncio.create_task(self.leases.send_events())
        await self.leases.tick()
        self._ready.set()
        await self._stop.wait()
        events.cancel()
        for browser in self._browsers:
            browser.close()
        await asyncio.sleep(0.05)
        for server in self._servers:
            server.stop()
            await server.close_all_connections()
        # The gate's own ends of those connections see it and close; one left over would fail a later test.
        await asyncio.sleep(0.3)

    def stop(self) -> None:
        """End the thread."""
        assert self._stop is not None
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 20) -> T:
        """Run a coroutine in the gate's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def tick(self) -> bool:
        """Renew the leases now; say whether the portal answered."""
        return self.run(self.leases.tick())

    def place(self) -> Place:
        """Return Alice's session as the gate sees it."""
        found = self.leases.find(ALICE, SERVER)
        assert found is not None
        return found

    def folder(self, session: str = SESSION) -> Path:
        """Make a session's `in` folder, owned by the session's uid as the engine makes it."""
        path = self.sessions / session / "in"
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, SESSION_UID, -1)
        return path

    def serve_session(self, app: Application, *, session: str = SESSION, **options: Any) -> None:
        """Let `app` answer on the session's socket."""
        path = self.folder(session) / "jupyter.sock"

        async def start() -> None:
            server = HTTPServer(app, **options)
            server.add_socket(bind_unix_socket(str(path), mode=0o666))
            self._servers.append(server)

        self.run(start())
        os.chown(path, SESSION_UID, -1)

    def cookie(self, person: str) -> str:
        """Return the cookie of a signed-in person."""
        name = self.gate.identity.cookie_name
        return f"{name}={create_signed_value(self.gate.key, name, f'token-{person}').decode()}"

    def xsrf(self, person: str) -> str:
        """Return the proof of origin that the gate's page would have set."""
        with self.client(person) as browser:
            answer = browser.get(f"{BASE}/lab")
        return answer.cookies.get("_xsrf") or ""

    def client(self, person: str | None = ALICE, **headers: str) -> httpx.Client:
        """Return a browser, more or less."""
        kept = {"Host": self.host} | ({"Cookie": self.cookie(person)} if person else {}) | headers
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers=kept, timeout=20, trust_env=False
        )

    def changing(self, person: str = ALICE, **headers: str) -> httpx.Client:
        """Return a browser whose page may change things."""
        return self.client(
            person, **{"X-XSRFToken": self.xsrf(person), "Origin": f"http://{self.host}"} | headers
        )

    def websocket(
        self,
        path: str = f"api/kernels/{KERNEL}/channels?session_id=abc",
        person: str = ALICE,
        base: str = BASE,
        **headers: str,
    ) -> WebSocketClientConnection:
        """Open a websocket as Lab does."""
        kept = {"Host": self.host, "Origin": f"http://{self.host}", "Cookie": self.cookie(person)} | headers
        request = HTTPRequest(f"ws://127.0.0.1:{self.port}{base}/{path}", headers=kept, request_timeout=10)
        protocols = [PROTOCOL] if "channels" in path else None

        async def connect() -> WebSocketClientConnection:
            # No limit of the browser's own may stand in for one of the gate's.
            return await websocket_connect(request, subprotocols=protocols, max_message_size=1 << 30)

        opened = self.run(connect())
        self._browsers.append(opened)
        return opened

    def handshake(
        self,
        person: str = ALICE,
        protocol: str = PROTOCOL,
        path: str = f"api/kernels/{KERNEL}/channels",
        **headers: str,
    ) -> int:
        """Ask for a websocket, a kernel's unless told otherwise, and return the status of a refusal."""
        asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        asked |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": f"http://{self.host}"}
        asked |= {"Sec-WebSocket-Protocol": protocol} | headers
        with self.client(person, **asked) as browser:
            return browser.get(f"{BASE}/{path}").status_code

    def next(self, socket: WebSocketClientConnection, seconds: float = 10) -> str | bytes | None:
        """Return the next message, or None when the websocket was closed."""

        async def read() -> str | bytes | None:
            return await asyncio.wait_for(socket.read_message(), seconds)

        return self.run(read())

    def ended(self, socket: WebSocketClientConnection, seconds: float) -> bool:
        """Say whether the gate closes a websocket within some seconds, whatever comes before."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                if self.next(socket, left) is None:
                    return True
            except TimeoutError:
                break
        return False

    def close(self, socket: WebSocketClientConnection) -> None:
        """Close a websocket."""

        async def end() -> None:
            socket.close()

        with suppress(RuntimeError):
            self.run(end())

    def labfiles_of_image(self) -> Path:
        """Put the smallest Lab in place: a page's script and a theme."""
        files = self.labfiles / TAG
        static, themes = files / "lab" / "static", files / "lab" / "themes"
        static.mkdir(parents=True, exist_ok=True)
        themes.mkdir(exist_ok=True)
        (static / "index.html").write_text('<script src="{{x}}/main.abc123.js"></script>')
        (static / "main.abc123.js").write_text("console.log('lab')")
        (static / "package.json").write_text(json.dumps({"jupyterlab": {"version": "4.6.6"}}))
        (themes / "index.css").write_text("body {}")
        return files
