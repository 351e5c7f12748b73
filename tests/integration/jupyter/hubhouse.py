"""A real hub, proxy and gate, each a process of its own, with doubles for the portal and the engine."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler

from hub.cli import tools
from hub.places import Places, from_environment
from tests.gatehouse import ALICE, SERVER, SESSION, SESSION_UID, TAG
from tests.security.without import child

BASE_PORT = from_environment().base_port + 300
SECRETS = {
    "hub": ("oidc-client", "hub-api", "hub-portal", "gate-hub", "proxy", "cookie", "crypt"),
    "gate": ("gate-hub", "gate-portal"),
}


class Double(RequestHandler):
    """A handler that asks its house what to answer."""

    SUPPORTED_METHODS = ("GET", "POST", "DELETE")

    def check_xsrf_cookie(self) -> None:
        """The doubles check what the tests look at, nothing else."""

    def answer(self, *parts: str) -> None:
        """Note the request and answer it."""
        house: HubHouse = self.settings["house"]
        status, body = house.answer(self, *parts)
        self.set_status(status)
        if isinstance(body, str):
            self.set_header("Location", body)
        elif body is not None:
            self.finish(body)

    get = post = delete = answer


class HubHouse:
    """Everything between a browser and a session, running."""

    def __init__(self, folder: Path, addresses: dict[str, str] | None = None) -> None:
        base = from_environment()
        self._addresses = addresses or {}
        names = ("PARLATORY_PORTAL_URL", "PARLATORY_LAB_URL")
        portal, lab = (self._addresses.get(name, "") for name in names)
        base = replace(base, portal_address=portal, lab_address=lab)
        self.places: Places = replace(base, state=folder, run=folder / "run", base_port=BASE_PORT)
        self.values = {name: secrets.token_hex(32) for names in SECRETS.values() for name in names}
        self.grants: list[dict[str, Any]] = []
        self.ended: list[tuple[str, Any]] = []
        self.started: list[Any] = []
        self.deleted: list[str] = []
        self.challenges: list[dict[str, list[str]]] = []
        self.tokens: list[dict[str, list[str]]] = []
        self.refusal: str | None = None
        self.grant_answer: tuple[int, Any] | None = None
        self.running = False
        self._lay_out()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._doubles()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        self._processes = [
            self._proxy(),
            self._python("-m", "hub.jupyter", "-f", "hub/jupyter/jupyterhub_config.py"),
        ]
        self._processes.append(self._python("-m", "hub.gate"))
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _lay_out(self) -> None:
        for owner, names in SECRETS.items():
            folder = self.places.state / "secrets" / owner
            folder.mkdir(parents=True)
            for name in names:
                (folder / name).write_text(self.values[name])
        for folder in ("hub", "labfiles", "run/portal", "run/engine", "run/sessions"):
            (self.places.state / folder).mkdir(parents=True)
        static = self.places.state / "labfiles" / TAG / "lab" / "static"
        static.mkdir(parents=True)
        (static / "index.html").write_text('<script src="{{x}}/main.abc123.js"></script>')
        (static / "main.abc123.js").write_text("console.log('lab')")

    async def _doubles(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        portal = HTTPServer(Application([(r"(/(?:internal|identity)/.*)", Double)], house=self))
        portal.add_socket(bind_unix_socket(str(self.places.portal_socket)))
        portal.listen(self.places.port("portal"), "127.0.0.1")
        engine = HTTPServer(Application([(r"(/sessions.*)", Double)], house=self))
        engine.add_socket(bind_unix_socket(str(self.places.engine_socket)))
        session = HTTPServer(Application([(r"(/user/.*)", Double)], house=self))
        self._ready.set()
        self._servers = [portal, engine, session]
        await self._stop.wait()
        for server in self._servers:
            server.stop()
            await server.close_all_connections()

    def answer(self, asked: Double, path: str) -> tuple[int, Any]:
        """Answer as portal, engine or session server."""
        method = asked.request.method
        if path.startswith("/identity/"):
            return self._identity(asked, path)
        if path.startswith("/internal/"):
            return self._internal(asked, path)
        if path.startswith("/user/"):
            return 200, {"version": "2"}
        if method == "POST":
            self.started.append(json.loads(asked.request.body))
            folder = self.places.run / "sessions" / SESSION / "in"
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, SESSION_UID, -1)
            self._servers[2].add_socket(bind_unix_socket(str(folder / "jupyter.sock")))
            os.chown(folder / "jupyter.sock", SESSION_UID, -1)
            self.running = True
            return 201, {"session": SESSION, "state": "running"}
        if method == "DELETE":
            self.deleted.append(path)
            self.running = False
            return 200, {}
        return (
            (200, {"session": SESSION, "state": "running"})
            if self.running
            else (404, {"error": "No session."})
        )

    def _identity(self, asked: Double, path: str) -> tuple[int, Any]:
        if path.endswith("/authorize"):
            query = parse_qs(asked.request.query)
            self.challenges.append(query)
            return 302, f"{query['redirect_uri'][0]}?code=c&state={query['state'][0]}"
        assert asked.request.host == self.places.inside_host
        if path.endswith("/token"):
            self.tokens.append(parse_qs(asked.request.body.decode()))
            return 200, {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "scope": "openid"}
        return 200, {
            "sub": ALICE,
            "name": "Alice",
            "email": "a@example.org",
            "groups": ["researcher", "admin"],
        }

    def _internal(self, asked: Double, path: str) -> tuple[int, Any]:
        token = asked.request.headers.get("Authorization", "")
        body = json.loads(asked.request.body)
        if path == "/internal/grants":
            assert token == f"Bearer {self.values['hub-portal']}"
            self.grants.append(body)
            if self.grant_answer is not None:
                return self.grant_answer
            if self.refusal is not None:
                return 403, {"reason": self.refusal}
            return 200, {"grant": "signed.grant", "session": SESSION}
        if path.endswith("/ended"):
            self.ended.append((path, body))
            return 200, {}
        assert token == f"Bearer {self.values['gate-portal']}"
        return 200, {"at": datetime.now(UTC).isoformat(), "sessions": [self._lease()] if self.running else []}

    def _lease(self) -> dict[str, Any]:
        end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        who = {"session": SESSION, "person": ALICE, "server": SERVER, "live": True, "reason": ""}
        return who | {
            "image": f"parlatory/workspace:{TAG}",
            "budget_bytes": 1_000_000,
            "budget_left_bytes": 1_000_000,
            "idle_ends_at": None,
            "ends_at": end,
        }

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        state = {"PARLATORY_STATE": str(self.places.state), "PARLATORY_RUN": str(self.places.run)}
        own = {"PARLATORY_PORT": str(BASE_PORT), "HOME": "/nonexistent"}
        return kept | state | own | self._addresses

    def _python(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.places.state / f"{arguments[1]}.log").open("wb")
        with log:
            return subprocess.Popen(
                [sys.executable, *child.words(*arguments)],
                cwd=self.places.checkout,
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _proxy(self) -> subprocess.Popen[bytes]:
        port = self.places.port
        command = [str(tools.node(self.places.checkout)), str(tools.proxy_script(self.places))]
        command += ["--ip", "127.0.0.1", "--port", str(port("lab")), "--api-ip", "127.0.0.1"]
        command += ["--api-port", str(port("proxy-api")), "--default-target", self.places.url("hub")]
        environment = {"CONFIGPROXY_AUTH_TOKEN": self.values["proxy"], "PATH": os.environ["PATH"]}
        with (self.places.state / "proxy.log").open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                hub = httpx.get(f"{self.places.url('hub')}/hub/api", trust_env=False)
                gate = httpx.get(self.places.url("gate"), trust_env=False)
                if hub.status_code == 200 and gate.status_code == 421:
                    return
            except httpx.HTTPError:
                time.sleep(0.3)
        raise AssertionError("\n".join(path.read_text()[-3000:] for path in self.places.state.glob("*.log")))

    def stop(self) -> None:
        """End every process and the doubles."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait(20)
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def api(self, token: str | None = None) -> httpx.Client:
        """Return a client of the hub's API, as the portal unless told otherwise."""
        headers = {"Authorization": f"token {token or self.values['hub-api']}"}
        return httpx.Client(
            base_url=f"{self.places.url('hub')}/hub/api", headers=headers, timeout=40, trust_env=False
        )

    def browser(self) -> Browser:
        """Return a browser that nobody has signed in."""
        return Browser(self.places)


class Browser:
    """Follows redirects over both hosts, keeping cookies for each as a browser does."""

    def __init__(self, places: Places) -> None:
        self._scheme = urlsplit(places.lab_url).scheme
        self._hosts = {places.lab_host: places.port("lab"), places.portal_host: places.port("portal")}
        self._clients: dict[str, httpx.Client] = {}
        self.seen: list[str] = []

    def get(self, url: str, **headers: str) -> httpx.Response:
        """Get a page, following up to fifteen redirects."""
        for _ in range(15):
            self.seen.append(url)
            parts = urlsplit(url)
            answer = self._client(parts.netloc).get(url, headers={"Accept": "text/html"} | headers)
            if answer.status_code not in (301, 302, 303):
                return answer
            url = str(httpx.URL(url).join(answer.headers["Location"]))
        raise AssertionError(f"too many redirects: {self.seen}")

    def is_secure(self, host: str) -> dict[str, bool]:
        """Return of each cookie that a host has set whether a browser keeps it to https."""
        return {cookie.name: cookie.secure for cookie in self._client(host).cookies.jar}

    def cookies(self, host: str) -> dict[str, str]:
        """Return the cookies that a host has set, the hub's own as well as those for everything."""
        return {cookie.name: cookie.value or "" for cookie in self._client(host).cookies.jar}

    def _client(self, host: str) -> httpx.Client:
        if host not in self._clients:
            transport = _Loopback(self._hosts[host], self._scheme)
            self._clients[host] = httpx.Client(transport=transport, timeout=40)
        return self._clients[host]

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()


class _Loopback(httpx.HTTPTransport):
    """Reaches a name that no resolver knows at 127.0.0.1, as a TLS proxy does where the name is for https."""

    def __init__(self, port: int, scheme: str) -> None:
        super().__init__()
        self._port, self._scheme = port, scheme

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send to loopback, keeping the Host header."""
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        headers = httpx.Headers(request.headers)
        if self._scheme == "https":
            headers["X-Forwarded-Proto"] = "https"
        sent = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return super().handle_request(sent)


@contextmanager
def opened(**addresses: str) -> Iterator[HubHouse]:
    """Yield a running hub, proxy and gate; with addresses of their own, as behind a TLS proxy."""
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    try:
        house = HubHouse(folder, addresses)
        try:
            yield house
        finally:
            house.stop()
    finally:
        shutil.rmtree(folder)
